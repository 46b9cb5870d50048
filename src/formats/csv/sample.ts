/** The first data records of a file, without a footer. */
import type { Sample } from '../format.ts'
import type { Head } from './head.ts'
import { soundRecords } from './records.ts'

export function sampleOf(
  bytes: Buffer,
  {
    dialect,
    width,
    start,
  }: Pick<Head, 'dialect' | 'width'> & { start: { offset: number; lines: number } },
  { whole, recordsMax }: { whole: boolean; recordsMax: number },
): Sample {
  const body = bytes.subarray(start.offset)
  const ends: number[] = []
  const footer = dialect.skipFooter ?? 0
  for (const span of soundRecords(body, dialect, { recordBytesMax: body.length })) {
    const isCut = span.next >= body.length && !whole
    if (isCut || ends.length >= recordsMax + footer) break
    if (!span.blank || width === 1) ends.push(span.next)
  }
  const kept = Math.min(recordsMax, Math.max(0, ends.length - footer))
  return { bytes: body.subarray(0, ends[kept - 1] ?? 0), lines: start.lines }
}
