/**
 * Reads the records of a slice one by one, for COPY that cannot take them as they are, and sorts out
 * those that are no records for it. The others are written as COPY text: see rewrite.ts.
 */

import { rejectReason } from '../../errors/rejects.ts'
import type { Broken, Fault } from '../reader.ts'
import type { Dialect } from './dialect.ts'
import { type RecordSpan, soundRecords } from './records.ts'
import { RepeatedHeaders } from './repeatedHeaders.ts'

/** Takes records of the slice one by one; see rewrite.ts. */
export interface Writer {
  /** @returns why the record cannot be loaded; then nothing of it is written */
  add(record: RecordSpan): Fault | null
}

export interface Triaged {
  broken: Broken[]
  /** Physical line, and the raw bytes in the slice, of each record that was written. */
  lines: number[]
  starts: number[]
  rawEnds: number[]
}

/**
 * @param slice between two cuts of staging
 * @param options the longest record, the lines before the slice, whether a blank line is a record
 * @returns what was written and what was not; together they are every record that is not blank
 */
export function triage(
  slice: Buffer,
  dialect: Dialect,
  options: { recordBytesMax: number; lines: number; blankIsRecord: boolean; writer: Writer },
): Triaged {
  const { recordBytesMax, blankIsRecord, writer } = options
  const triaged: Triaged = { broken: [], lines: [], starts: [], rawEnds: [] }
  const walk = { lines: options.lines, recordBytesMax, spans: true }
  const headers = new RepeatedHeaders(dialect)
  for (const span of soundRecords(slice, dialect, walk)) {
    if (span.blank && !blankIsRecord) continue
    const { start, end } = span
    const line = span.lines + 1
    const isHeader = !span.broken && headers.has(slice.subarray(start, end))
    const fault = faultOf(span, isHeader) ?? writer.add(span)
    if (fault) triaged.broken.push({ line, ...fault, raw: slice.subarray(start, end) })
    else {
      triaged.lines.push(line)
      triaged.starts.push(start)
      triaged.rawEnds.push(end)
    }
  }
  return triaged
}

function faultOf({ broken, brokenField }: RecordSpan, isHeader: boolean): Fault | null {
  if (isHeader) return { ...rejectReason('repeated_header', {}), column: null }
  if (!broken) return null
  const why =
    brokenField > 0
      ? rejectReason('quote_misplaced', { field: brokenField })
      : rejectReason('quote_not_closed', {})
  return { ...why, column: null }
}
