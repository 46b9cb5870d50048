/**
 * Lines of comments above a table. They are no records, however many delimiters they hold. The last
 * one may be the header: many programs write `#id,name` above their rows.
 */
import type { Dialect } from '../dialect.ts'
import { marksOf } from '../marks.ts'
import { fieldsOf } from '../records.ts'
import type { Fit } from './fit.ts'
import { isHeader, proofsOf, type Values } from './header.ts'

const linesMax = 1000
/** As much of a line as is looked at: a longer one is no header. */
const lineBytesMax = 1 << 16

/** Behind the mark is a text: `#,name` and `;a;b` begin with a field. */
const comment = /^"?(#|%|!|\/\/|--)\1*([ \t]*$|\s*[\p{L}\p{N}_"'(@:*=~-])|^;+(\s*$|[^;]+$)/u

/** Without the mark of a comment, where a header begins with one. */
const marked = /^(?:#+ *|(?:%+|!+|\/\/+|--+|;+) +)(?=[\p{L}_"'])/u
/** `# of items`: a number of something. */
const isNumberOf = /^# ?of\b/i

export interface Comments {
  /** What the first one begins with. */
  mark: string
  /** Physical lines down to the first one that is no comment. */
  lines: number
  /** Physical lines in front of the last comment, and that one. */
  lastAt: number
  last: Buffer
}

/** @returns null where the first line is no comment, or all lines are */
export function commentsIn(body: Buffer, dialect: Dialect): Comments | null {
  const { newline } = marksOf(dialect)
  let found: Omit<Comments, 'lines'> | null = null as Omit<Comments, 'lines'> | null
  let from = 0
  for (let lines = 0; lines < linesMax && from < body.length; lines++) {
    const lineEnd = body.indexOf(newline, from)
    const end = lineEnd < 0 ? body.length : lineEnd
    const line = body.subarray(from, Math.min(end, from + lineBytesMax))
    const text = line.toString('utf8').trimEnd()
    const mark = comment.test(text) ? text.replace('"', '')[0] : undefined
    if (mark !== undefined && !isGiven(text, dialect)) {
      found = { mark: found?.mark ?? mark, lastAt: lines, last: Buffer.from(text) }
    } else if (text !== '') return found && { ...found, lines }
    else if (!found) return null
    from = end + 1
  }
  return null
}

/** No comment that is known is a record. */
const isGiven = (text: string, { comment }: Dialect): boolean =>
  comment !== undefined && text.replace('"', '').startsWith(comment)

export type CommentKind = 'remark' | 'header' | 'record'

/**
 * What the last comment is. Where the first record is proven to be the header it is a remark, such
 * as a row that was taken out. Else it may have the names of the fields, or be a record like the
 * others: `#love,10` above `joy,5`.
 */
export function kindOfComment(
  { mark, last }: Comments,
  records: readonly Values[],
  { dialect, width }: Pick<Fit, 'dialect' | 'width'>,
): CommentKind {
  const data = records.filter(({ length }) => length === width)
  // The mark is a part of the values.
  if (data.some(([value]) => value?.startsWith(mark))) return 'record'
  const names = namesOf(last, dialect)
  const [first = [], ...others] = data
  const isSame = first.every((value, at) => value?.trim() === names[at])
  if (width < 2 || names.length !== width || isSame || proofsOf(first, others) > 0) return 'remark'
  if (names.every((name) => name !== '') && isHeader(names, data)) return 'header'
  return proofsOf(names, data) < 0 ? 'record' : 'remark'
}

const namesOf = (record: Buffer, dialect: Dialect): string[] =>
  fieldsOf(uncommented(record), dialect).map(({ value }) => value.trim())

/** A header without the mark of a comment that it begins with; itself where it has none. */
export function uncommented(record: Buffer): Buffer {
  const start = record.toString('latin1', 0, 200)
  const mark = isNumberOf.test(start) ? null : marked.exec(start)
  return mark ? record.subarray(mark[0].length) : record
}
