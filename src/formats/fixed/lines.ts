/** The lines of a file of fixed width: which of them are records. */
import { linesOf, newlineByte, textEnd } from '../lines.ts'
import type { RecordAt } from '../reader.ts'
import type { FixedReading } from './reading.ts'
import { lineWidth } from './widths.ts'

const BLANK = 32
/** What some programs end a file with. */
const endMark = 26

/**
 * Is a line no record? One of blanks alone is a row without values if it is as long as a line must be.
 * @param width bytes that a line has at least
 */
export function isNone(bytes: Buffer, [from, to]: [number, number], width: number): boolean {
  if (to - from >= width) return false
  if (to - from === 1 && bytes[from] === endMark) return true
  for (let at = from; at < to; at++) if (bytes[at] !== BLANK) return false
  return true
}

export const recordsBy =
  ({ newline, places }: FixedReading) =>
  (slice: Buffer, before: number): Iterable<RecordAt> =>
    recordsOf(slice, before, { newline: newlineByte(newline), width: lineWidth(places) })

function* recordsOf(
  slice: Buffer,
  before: number,
  { newline, width }: { newline: number; width: number },
): Generator<RecordAt> {
  for (const line of linesOf(slice, before, newline)) {
    const end = textEnd(slice, line.start, line.end)
    if (!isNone(slice, [line.start, end], width)) yield { ...line, end }
  }
}
