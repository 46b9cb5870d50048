/**
 * The records of a slice, one by one, as PostgreSQL's COPY counts and splits them.
 *
 * COPY tells of a bad row by a line number of its own (`cur_lineno`): one for each record, plus
 * one for each line end within quotes, where only the first byte of the file's line end counts.
 * `copyLine` counts the same way, so that a NOTICE can be traced to its record.
 */
import type { Dialect } from '../domain/words.ts'

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
}

const LF = 10
const CR = 13

/** Walks the records of `slice` from `from`, which must be a record boundary. */
export function* recordsOf(
  slice: Buffer,
  dialect: Dialect,
  at: { from?: number; lines?: number; copyLine?: number; lineEndKnown?: boolean } = {},
): Generator<RecordSpan> {
  const newline = dialect.newline === '\r' ? CR : LF
  const quote = dialect.quote.charCodeAt(0)
  const escape = dialect.escape === dialect.quote ? -1 : dialect.escape.charCodeAt(0)
  // Until COPY has met its first line end it takes the file for one with \r (see above).
  let counted = (at.lineEndKnown ?? false) && dialect.newline === '\n' ? LF : CR
  let start = at.from ?? 0
  let lines = at.lines ?? 0
  let copyLine = at.copyLine ?? 0
  while (start < slice.length) {
    let inQuotes = false
    let escaped = false
    let inner = 0
    let copyInner = 0
    let index = start
    for (; index < slice.length; index++) {
      const byte = slice[index] as number
      if (byte === newline && !inQuotes) break
      if (inQuotes && byte === counted) copyInner++
      if (inQuotes && byte === newline) inner++
      if (byte === escape && inQuotes) escaped = !escaped
      else {
        if (byte === quote && !escaped) inQuotes = !inQuotes
        escaped = false
      }
    }
    const end = newline === LF && index > start && slice[index - 1] === CR ? index - 1 : index
    copyLine += 1 + copyInner
    const next = Math.min(index + 1, slice.length)
    yield { start, end, next, lines, copyLine, blank: end === start }
    lines += 1 + inner
    start = next
    if (dialect.newline === '\n') counted = LF
  }
}

export interface Shape {
  fields: number
  /** A quote is still open at the end. */
  open: boolean
  /** Every quote opens at the start of a field and closes at its end. */
  wellQuoted: boolean
}

/** How many fields a record has, and whether its quotes can be trusted. */
export function shapeOf(record: Buffer, dialect: Dialect): Shape {
  const delimiter = dialect.delimiter.charCodeAt(0)
  const quote = dialect.quote.charCodeAt(0)
  const doubled = dialect.escape === dialect.quote
  const escape = doubled ? -1 : dialect.escape.charCodeAt(0)
  let fields = 1
  let inQuotes = false
  let wellQuoted = true
  for (let index = 0; index < record.length; index++) {
    const byte = record[index] as number
    if (inQuotes) {
      if (byte === escape) index++
      else if (byte === quote) {
        const following = record[index + 1]
        if (doubled && following === quote) index++
        else {
          inQuotes = false
          if (following !== undefined && following !== delimiter) wellQuoted = false
        }
      }
    } else if (byte === delimiter) fields++
    else if (byte === quote) {
      inQuotes = true
      if (index > 0 && record[index - 1] !== delimiter) wellQuoted = false
    }
  }
  return { fields, open: inQuotes, wellQuoted: wellQuoted && !inQuotes }
}

/** The values of a record as COPY takes them: null for the unquoted null text. */
export function valuesOf(record: Buffer, dialect: Dialect): (string | null)[] {
  const text = record.toString('utf8')
  const values: (string | null)[] = []
  let value = ''
  let quoted = false
  let inQuotes = false
  const close = () => {
    values.push(!quoted && value === dialect.nullText ? null : value)
    value = ''
    quoted = false
  }
  for (let index = 0; index < text.length; index++) {
    const char = text[index] as string
    if (inQuotes) {
      const following = text[index + 1]
      const escapes =
        char === dialect.escape && (following === dialect.quote || following === dialect.escape)
      if (escapes) {
        value += following
        index++
      } else if (char === dialect.quote) inQuotes = false
      else value += char
    } else if (char === dialect.delimiter) close()
    else if (char === dialect.quote) {
      inQuotes = true
      quoted = true
    } else value += char
  }
  close()
  return values
}
