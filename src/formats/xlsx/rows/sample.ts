/** The first records of a sheet, without a footer. */
import type { Head, Sample } from '../../format.ts'
import { linesOf } from './lines.ts'
import type { RowsReading } from './reading.ts'

export function sampleOf(
  bytes: Buffer,
  { reading, start }: Head<RowsReading>,
  { whole, recordsMax }: { whole: boolean; recordsMax: number },
): Sample {
  const body = bytes.subarray(start.offset)
  const footer = reading.skipFooter ?? 0
  const ends: number[] = []
  for (const { end, next, isRecord } of linesOf(body, start.lines)) {
    const isCut = next >= body.length && next === end && !whole
    if (isCut || ends.length >= recordsMax + footer) break
    if (isRecord) ends.push(next)
  }
  const kept = Math.min(recordsMax, Math.max(0, ends.length - footer))
  return { bytes: body.subarray(0, ends[kept - 1] ?? 0), lines: start.lines }
}
