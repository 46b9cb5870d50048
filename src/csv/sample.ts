/** Values of a sample of records, to find column types from. */
import type { Dialect, FileShape } from '../domain/words.ts'
import { recordsOf, shapeOf, valuesOf } from './records.ts'

const sampleBytes = 64 * 1024
/** Of one range: more of the same place would tell little more. */
const recordsMax = 250

/** Up to `count` byte ranges, spread evenly over the cuts of a file. */
export function sampleRanges(
  { cuts, flaws }: FileShape,
  count: number,
): { start: number; end: number }[] {
  const flawed = new Set(flaws.map(({ start }) => start))
  const starts = cuts.slice(0, -1).filter(({ offset }) => !flawed.has(offset))
  const end = cuts.at(-1)?.offset ?? 0
  const step = Math.max(1, starts.length / count)
  const picked: { start: number; end: number }[] = []
  for (let at = 0; at < starts.length && picked.length < count; at += step) {
    const { offset } = starts[Math.floor(at)] as FileShape['cuts'][number]
    picked.push({ start: offset, end: Math.min(end, offset + sampleBytes) })
  }
  return picked
}

/**
 * Adds the values of a slice's records to `samples`, one list for each field. NULLs and empty
 * texts say nothing of a type; a record that the end of the slice cuts short is left out.
 */
export function addSample(
  samples: string[][],
  slice: Buffer,
  dialect: Dialect,
  cutShort: boolean,
): void {
  let records = 0
  for (const span of recordsOf(slice, dialect)) {
    if (records++ >= recordsMax || (cutShort && span.next >= slice.length)) return
    const raw = slice.subarray(span.start, span.end)
    const isRagged = shapeOf(raw, dialect).fields !== samples.length
    if (span.blank || (isRagged && !dialect.ragged)) continue
    for (const [index, value] of valuesOf(raw, dialect).entries()) {
      if (value !== null && value !== '') samples[index]?.push(value)
    }
  }
}
