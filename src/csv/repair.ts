/**
 * The repair lane: looks at every record of a slice whose COPY was aborted, and sorts out those
 * that COPY could not even split into fields. What is left goes through COPY again.
 */
import { isUtf8 } from 'node:buffer'
import type { Dialect } from '../domain/words.ts'
import { type RecordSpan, recordsOf, shapeOf } from './records.ts'

export interface Broken {
  /** Physical line, counted from 1. */
  line: number
  code: string
  error: string
  raw: Buffer
}

/** A record that has the right form. Its bytes do not include the line end. */
export interface Sound {
  line: number
  raw: Buffer
}

/**
 * @param slice whole records
 * @param at the slice's place in its file: physical lines before it
 * @returns sound and broken records in order; together they are every record that is not blank
 */
export function triage(
  slice: Buffer,
  dialect: Dialect,
  width: number,
  at: { lines: number },
): { sound: Sound[]; broken: Broken[] } {
  const sound: Sound[] = []
  const broken: Broken[] = []
  let walk = recordsOf(slice, dialect, at)
  for (let step = walk.next(); !step.done; step = walk.next()) {
    const span = step.value
    if (span.blank && width > 1) continue
    const raw = slice.subarray(span.start, span.end)
    const fault = faultOf(raw, dialect, width)
    const line = span.lines + 1
    if (!fault) {
      sound.push({ line, raw })
      continue
    }
    const first = fault.trusted ? null : firstLine(slice, span, dialect)
    broken.push({ line, code: fault.code, error: fault.error, raw: first?.raw ?? raw })
    // A stray quote may have swallowed good lines: go on right behind the line that it is on.
    if (first) walk = recordsOf(slice, dialect, { from: first.next, lines: span.lines + 1 })
  }
  return { sound, broken }
}

interface Fault {
  code: string
  error: string
  /** The record ends where it seems to end. */
  trusted: boolean
}

function faultOf(raw: Buffer, dialect: Dialect, width: number): Fault | null {
  const { fields, open, wellQuoted } = shapeOf(raw, dialect)
  if (open) return { code: 'quote_not_closed', error: 'a quote is never closed', trusted: false }
  if (fields !== width) {
    const error = `${fields} ${fields === 1 ? 'field' : 'fields'} instead of ${width}`
    return { code: 'wrong_column_count', error, trusted: wellQuoted }
  }
  if (!isUtf8(raw)) {
    return { code: 'invalid_utf8', error: 'bytes that are not UTF-8', trusted: wellQuoted }
  }
  if (raw.includes(0)) return { code: 'nul_byte', error: 'a NUL byte', trusted: wellQuoted }
  return null
}

/** The first line of a record of several lines; null when it has one only. */
function firstLine(
  slice: Buffer,
  span: RecordSpan,
  dialect: Dialect,
): { raw: Buffer; next: number } | null {
  const newline = dialect.newline === '\r' ? 13 : 10
  const end = slice.indexOf(newline, span.start)
  if (end < 0 || end >= span.end) return null
  const content = newline === 10 && slice[end - 1] === 13 ? end - 1 : end
  return { raw: slice.subarray(span.start, content), next: end + 1 }
}
