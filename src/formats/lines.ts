/** The lines of a slice. */
import type { RecordAt } from './reader.ts'

const LF = 10

/** @param before how many lines stand before the slice. @param newline the byte that ends a line */
export function* linesOf(slice: Buffer, before: number, newline = LF): Generator<RecordAt> {
  let line = before
  for (let start = 0; start < slice.length; ) {
    const found = slice.indexOf(newline, start)
    const end = found < 0 ? slice.length : found
    const next = Math.min(end + 1, slice.length)
    yield { line: ++line, start, end, next, broken: false, odd: false }
    start = next
  }
}
