/**
 * The records of a slice, one by one, as PostgreSQL's COPY counts and splits them.
 *
 * COPY tells of a bad row by a line number of its own (`cur_lineno`): one for each record, plus
 * one for each line end within quotes, where only the first byte of the file's line end counts.
 * `copyLine` counts the same way, so that a NOTICE can be traced to its record.
 */
import type { Dialect } from '../domain/words.ts'
import { CR, LF, marksOf } from './marks.ts'

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
  /** The number that COPY gives for this record. */
  copyLine: number
  blank: boolean
  /** Behind its first line; 0 when it has one only. */
  firstLineEnd: number
  /** A quote is never closed. */
  broken: boolean
}

/** Where a walk begins, and what lies before. */
export interface WalkStart {
  from?: number
  lines?: number
  copyLine?: number
  lineEndKnown?: boolean
}

/** Walks the records of `slice` from `from`, which must be a record boundary. Comments are none. */
export function* recordsOf(
  slice: Buffer,
  dialect: Dialect,
  at: WalkStart = {},
): Generator<RecordSpan> {
  const { newline, quote, escape, comment } = marksOf(dialect)
  // Until COPY has met its first line end it takes the file for one with \r (see above).
  let counted = (at.lineEndKnown ?? false) && dialect.newline === '\n' ? LF : CR
  let start = at.from ?? 0
  let lines = at.lines ?? 0
  let copyLine = at.copyLine ?? 0
  while (start < slice.length) {
    if (slice[start] === comment) {
      const end = slice.indexOf(newline, start)
      start = end < 0 ? slice.length : end + 1
      lines++
      continue
    }
    let inQuotes = false
    let escaped = false
    let inner = 0
    let copyInner = 0
    let firstLineEnd = 0
    let index = start
    for (; index < slice.length; index++) {
      const byte = slice[index] as number
      if (byte === newline && !inQuotes) break
      if (inQuotes && byte === counted) copyInner++
      if (inQuotes && byte === newline && inner++ === 0) firstLineEnd = index + 1
      if (byte === escape && inQuotes) escaped = !escaped
      else {
        if (byte === quote && !escaped) inQuotes = !inQuotes
        escaped = false
      }
    }
    const end = newline === LF && index > start && slice[index - 1] === CR ? index - 1 : index
    copyLine += 1 + copyInner
    const next = Math.min(index + 1, slice.length)
    const blank = end === start
    yield { start, end, next, lines, copyLine, blank, firstLineEnd, broken: inQuotes }
    lines += 1 + inner
    start = next
    if (dialect.newline === '\n') counted = LF
  }
}

/**
 * The records by the rule of scan.ts: one of several lines must be well quoted, and not too long;
 * else its first line is broken, and reading goes on behind it.
 */
export function* soundRecords(
  slice: Buffer,
  dialect: Dialect,
  at: WalkStart & { recordBytesMax: number },
): Generator<RecordSpan> {
  const newline = dialect.newline === '\r' ? CR : LF
  let walk = recordsOf(slice, dialect, at)
  for (let step = walk.next(); !step.done; step = walk.next()) {
    const span = step.value
    const from = span.firstLineEnd
    if (from > 0 && !isSound(slice, span, dialect, at.recordBytesMax)) {
      const end = newline === LF && slice[from - 2] === CR ? from - 2 : from - 1
      yield { ...span, end: Math.max(end, span.start), next: from, broken: true }
      walk = recordsOf(slice, dialect, { from, lines: span.lines + 1 })
    } else yield span
  }
}

const isSound = (
  slice: Buffer,
  { start, end, next, broken }: RecordSpan,
  dialect: Dialect,
  recordBytesMax: number,
): boolean =>
  !broken &&
  next - start <= recordBytesMax &&
  shapeOf(slice.subarray(start, end), dialect).wellQuoted

export interface Shape {
  fields: number
  /** Fields that begin with a quote. */
  quoted: number
  /** A quote is still open at the end. */
  open: boolean
  /** Every quote opens at the start of a field and closes at its end. */
  wellQuoted: boolean
}

/** How many fields a record has, and whether its quotes can be trusted. */
export function shapeOf(record: Buffer, dialect: Dialect): Shape {
  const { delimiter, quote, escape } = marksOf(dialect)
  const doubled = escape < 0
  const first = delimiter[0] as number
  const size = delimiter.length
  const isDelimiter = (index: number) =>
    record[index] === first &&
    (size === 1 || record.subarray(index, index + size).equals(delimiter))
  let fields = 1
  let quoted = 0
  let inQuotes = false
  let wellQuoted = true
  let fieldStart = 0
  for (let index = 0; index < record.length; index++) {
    const byte = record[index] as number
    if (inQuotes) {
      if (byte === escape) index++
      else if (byte === quote) {
        if (doubled && record[index + 1] === quote) index++
        else {
          inQuotes = false
          if (index + 1 < record.length && !isDelimiter(index + 1)) wellQuoted = false
        }
      }
    } else if (byte === first && isDelimiter(index)) {
      fields++
      index += size - 1
      fieldStart = index + 1
    } else if (byte === quote) {
      inQuotes = true
      if (index === fieldStart) quoted++
      else wellQuoted = false
    }
  }
  return { fields, quoted, open: inQuotes, wellQuoted: wellQuoted && !inQuotes }
}

export interface Field {
  value: string
  /** Some of it was within quotes. */
  quoted: boolean
}

/** The fields of a record as COPY takes them. */
export function fieldsOf(record: Buffer, dialect: Dialect): Field[] {
  const { delimiter, quote } = dialect
  const escape = quote === '' ? '' : dialect.escape
  const text = record.toString('utf8')
  const fields: Field[] = []
  let value = ''
  let quoted = false
  let inQuotes = false
  for (let index = 0; index < text.length; index++) {
    const char = text[index] as string
    if (inQuotes) {
      const following = text[index + 1]
      if (char === escape && (following === quote || following === escape)) {
        value += following
        index++
      } else if (char === quote) inQuotes = false
      else value += char
    } else if (text.startsWith(delimiter, index)) {
      fields.push({ value, quoted })
      value = ''
      quoted = false
      index += delimiter.length - 1
    } else if (char === quote) {
      inQuotes = true
      quoted = true
    } else value += char
  }
  fields.push({ value, quoted })
  return fields
}

/** The values of a record: null for an unquoted text that stands for NULL. */
export function valuesOf(record: Buffer, dialect: Dialect): (string | null)[] {
  const { nullText, nullWords = [] } = dialect
  return fieldsOf(record, dialect).map(({ value, quoted }) =>
    !quoted && (value === nullText || nullWords.includes(value)) ? null : value,
  )
}
