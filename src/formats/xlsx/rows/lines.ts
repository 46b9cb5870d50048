/** The lines that are staged of a sheet: records, and what is none. */
import { linesOf as allLines } from '../../lines.ts'
import type { RecordAt } from '../../reader.ts'

const LF = 10
const CR = 13
/** What is told beside the records is an object. */
export const openBrace = 123

export interface Line extends RecordAt {
  /** Neither blank nor what is told beside the records. */
  isRecord: boolean
}

/** @param before how many lines stand before the slice */
export function* linesOf(slice: Buffer, before: number): Generator<Line> {
  for (const line of allLines(slice, before)) {
    const { start, next } = line
    const end = endOf(slice, start, next)
    yield { ...line, end, isRecord: isRecord(slice, start, end) }
  }
}

/** Without its line end; a corrected row may come with another one. */
export function endOf(bytes: Buffer, start: number, next: number): number {
  let end = next
  if (end > start && bytes[end - 1] === LF) end--
  if (end > start && bytes[end - 1] === CR) end--
  return end
}

export const isRecord = (bytes: Buffer, start: number, end: number): boolean =>
  end > start && bytes[start] !== openBrace
