/** The lines that are staged of a sheet: records, and what is none. */

const LF = 10
const CR = 13
/** What is told beside the records is an object. */
export const openBrace = 123

export interface Line {
  /** Counted from 1. */
  line: number
  start: number
  /** Behind its last byte, its line end not included. */
  end: number
  next: number
  /** Neither blank nor what is told beside the records. */
  isRecord: boolean
}

/** @param before how many lines stand before the slice */
export function* linesOf(slice: Buffer, before: number): Generator<Line> {
  let line = before
  for (let start = 0; start < slice.length; ) {
    const found = slice.indexOf(LF, start)
    const next = found < 0 ? slice.length : found + 1
    const end = endOf(slice, start, next)
    yield { line: ++line, start, end, next, isRecord: isRecord(slice, start, end) }
    start = next
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
