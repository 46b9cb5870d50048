/**
 * The records and fields of a slice: what walker.ts finds, all of it at once.
 *
 * A record whose quotes have a fault, or that has several lines and is too long, is broken: its
 * first line alone is given up, and reading goes on behind that line. So a stray quote costs one row,
 * not those that it would swallow. Every line is searched at most twice: where a search for a closing
 * quote has passed a line, that line opens none.
 */
import { escapedField, plainField } from '../rewrite.ts'
import type { Dialect } from './dialect.ts'
import { CR, commentAt, LF, type Marks, marksOf } from './marks.ts'
import { RecordWalker } from './walker.ts'

/** What lies behind the lines in front of the header. */
export function bodyOf(head: Buffer, dialect: Dialect): Buffer {
  const { newline } = marksOf(dialect)
  let from = 0
  for (let line = dialect.skipRows ?? 0; line > 0; line--) {
    const end = head.indexOf(newline, from)
    if (end < 0) return head.subarray(head.length)
    from = end + 1
  }
  return head.subarray(from)
}

export interface RecordSpan {
  start: number
  /** Behind the record's last byte, its line end not included. */
  end: number
  /** Behind its line end: where the next record starts. */
  next: number
  /** Physical lines of the slice before this record. */
  lines: number
  blank: boolean
  /** This is the first line of a record whose quotes make no sense; there is nothing else of it. */
  broken: boolean
  /** The field at which a broken record is broken; 0 if that is not on its first line. */
  brokenField: number
  /** Some of its quotes are text: COPY must not read it as it is. */
  odd: boolean
  fields: number
  /** Fields that begin with a quote. */
  quoted: number
  /** Start, end and kind of each field, as in RecordWalker: until the next record is asked for. */
  spans: readonly number[]
}

export interface WalkOptions {
  /** Where the walk begins, and the lines before that. */
  from?: number
  lines?: number
  /** A record of several lines that is longer is broken. */
  recordBytesMax?: number
  /** Where the fields lie is wanted as well. */
  spans?: boolean
  /** The slice may end within a record: one that is open there is the last, and goes to the end. */
  cutShort?: boolean
}

/** Walks the records of `slice` from `from`, which must be a record boundary. Comments are none. */
export function* recordsOf(
  slice: Buffer,
  dialect: Dialect,
  options: WalkOptions = {},
): Generator<RecordSpan> {
  const marks = marksOf(dialect)
  const { newline } = marks
  const { recordBytesMax = Number.POSITIVE_INFINITY, spans = false, cutShort = false } = options
  const walker = new RecordWalker(marks, { spans })
  let { from: start = 0, lines = 0 } = options
  while (start < slice.length) {
    if (commentAt(slice, start, marks) === true) {
      start = lineEnd(slice, newline, start)
      lines++
      continue
    }
    walker.begin()
    const stop = walker.walk(slice, start, true)
    const more = stop === 'more'
    const isFault = (more ? walker.finish(slice) : stop) === 'fault'
    const size = Math.min(walker.at + 1, slice.length) - start
    const broken = isFault || (walker.firstLineEnd > 0 && size > recordBytesMax)
    const isOpen = broken && more && cutShort
    const firstLineEnd = walker.firstLineEnd || lineEnd(slice, newline, walker.at)
    const next = broken && !isOpen ? firstLineEnd : start + size
    const end = contentEnd(slice, start, next, newline)
    yield {
      start,
      end,
      next,
      lines,
      blank: end === start,
      broken,
      brokenField: broken && walker.firstLineEnd === 0 && !more ? walker.fields : 0,
      odd: walker.odd,
      fields: walker.fields,
      quoted: walker.quoted,
      spans: walker.spans,
    }
    lines += 1 + (broken ? 0 : walker.lines)
    start = next
  }
}

/** As staging reads them: see scan.ts. */
export const soundRecords = (
  slice: Buffer,
  dialect: Dialect,
  options: WalkOptions & { recordBytesMax: number },
): Generator<RecordSpan> => recordsOf(slice, dialect, options)

/** Behind the next newline. */
function lineEnd(slice: Buffer, newline: number, from: number): number {
  const at = slice.indexOf(newline, from)
  return at < 0 ? slice.length : at + 1
}

/** Without its line end. */
function contentEnd(slice: Buffer, start: number, next: number, newline: number): number {
  const end = next > start && slice[next - 1] === newline ? next - 1 : next
  return newline === LF && end > start && slice[end - 1] === CR ? end - 1 : end
}

export interface Shape {
  fields: number
  /** Fields that begin with a quote. */
  quoted: number
  /** Every quote opens at the start of a field and closes at its end. */
  wellQuoted: boolean
  /** Some quotes stand in fields that do not begin with one: they are text. */
  odd: boolean
}

/** How many fields a record has, and whether its quotes can be trusted. */
export function shapeOf(record: Buffer, dialect: Dialect): Shape {
  const { fields, quoted, odd, faulty } = wholeRecord(record, marksOf(dialect), false)
  return { fields, quoted, odd, wellQuoted: !odd && !faulty }
}

/** Whatever stands there, as one record; line ends are text. */
function wholeRecord(record: Buffer, marks: Marks, spans: boolean): RecordWalker {
  const walker = new RecordWalker({ ...marks, newline: -1 }, { spans, lenient: true })
  walker.begin()
  walker.walk(record, 0, true)
  walker.finish(record)
  return walker
}

export interface Field {
  value: string
  /** It stands within quotes. */
  quoted: boolean
}

/** The fields of a record. One whose quotes have a fault is there as it stands. */
export function fieldsOf(record: Buffer, dialect: Dialect): Field[] {
  const marks = marksOf(dialect)
  return fieldsAt(record, wholeRecord(record, marks, true).spans, marks)
}

/** Where a walk has found them. */
export function fieldsAt(slice: Buffer, spans: readonly number[], marks: Marks): Field[] {
  const fields: Field[] = []
  for (let at = 0; at < spans.length; at += 3) {
    const kind = spans[at + 2]
    const bytes = slice.subarray(spans[at], spans[at + 1])
    const value = kind === escapedField ? unescaped(bytes, marks) : bytes
    fields.push({ value: value.toString('utf8'), quoted: kind !== plainField })
  }
  return fields
}

/** A value as it is meant: behind an escape stands a quote, or the escape itself. */
export function unescaped(bytes: Buffer, { quote, escape }: Marks): Buffer {
  const mark = escape < 0 ? quote : escape
  const value = Buffer.allocUnsafe(bytes.length)
  let size = 0
  for (let at = 0; at < bytes.length; at++) {
    const next = bytes[at + 1]
    if (bytes[at] === mark && (next === quote || next === mark)) at++
    value[size++] = bytes[at] as number
  }
  return value.subarray(0, size)
}

/** The values of a record: null for an unquoted text that stands for NULL. */
export function valuesOf(record: Buffer, dialect: Dialect): (string | null)[] {
  const { nullText, nullWords = [] } = dialect
  return fieldsOf(record, dialect).map(({ value, quoted }) =>
    !quoted && (value === nullText || nullWords.includes(value)) ? null : value,
  )
}
