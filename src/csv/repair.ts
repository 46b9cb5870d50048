/**
 * The repair lane: looks at every record of a slice that COPY cannot take as it is, and sorts out
 * those that are no records for it. What is left goes through COPY again.
 */
import { isUtf8 } from 'node:buffer'
import type { Dialect } from '../domain/words.ts'
import { rejectReason } from '../errors/rejects.ts'
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
 * @param slice between two cuts of staging
 * @param options the fields a record must have, the longest record, the lines before the slice
 * @returns sound and broken records in order; together they are every record that is not blank
 */
export function triage(
  slice: Buffer,
  dialect: Dialect,
  options: { width: number; recordBytesMax: number; lines: number },
): { sound: Sound[]; broken: Broken[] } {
  const { width, recordBytesMax } = options
  const sound: Sound[] = []
  const broken: Broken[] = []
  let walk = recordsOf(slice, dialect, { lines: options.lines })
  for (let step = walk.next(); !step.done; step = walk.next()) {
    const span = step.value
    if (span.blank && width > 1) continue
    const line = span.lines + 1
    const raw = slice.subarray(span.start, span.end)
    const shape = shapeOf(raw, dialect)
    const first = firstLine(slice, span, dialect)
    // The rule of scan.ts: such a record ends with its first line.
    if (shape.open || (first && (!shape.wellQuoted || span.next - span.start > recordBytesMax))) {
      broken.push({ line, ...rejectReason('quote_not_closed', {}), raw: first?.raw ?? raw })
      if (first) walk = recordsOf(slice, dialect, { from: first.next, lines: line })
      continue
    }
    const fault = faultOf(raw, shape.fields, width)
    if (fault) broken.push({ line, ...fault, raw })
    else sound.push({ line, raw })
  }
  return { sound, broken }
}

function faultOf(
  raw: Buffer,
  fields: number,
  width: number,
): Pick<Broken, 'code' | 'error'> | null {
  if (fields !== width) {
    const found = `${fields} ${fields === 1 ? 'field' : 'fields'}`
    return rejectReason('wrong_column_count', { fields: found, width })
  }
  if (!isUtf8(raw)) return rejectReason('invalid_utf8', {})
  if (raw.includes(0)) return rejectReason('nul_byte', {})
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
  const content = newline === 10 && end > span.start && slice[end - 1] === 13 ? end - 1 : end
  return { raw: slice.subarray(span.start, content), next: end + 1 }
}
