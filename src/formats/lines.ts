/** The lines of a slice, and what ends them. */
import type { Reading } from '../domain/words.ts'
import type { RecordAt } from './reader.ts'

const LF = 10
const CR = 13

export const newlineByte = (newline: Reading['newline']): number => (newline === '\r' ? CR : LF)

/** What ends the first line. */
export function newlineIn(bytes: Buffer): Reading['newline'] {
  const at = bytes.indexOf(LF)
  if (at < 0) return bytes.includes(CR) ? '\r' : '\n'
  return bytes[at - 1] === CR ? '\r\n' : '\n'
}

/** Where the text of a line ends, whose newline may have a carriage return in front. */
export const textEnd = (bytes: Buffer, from: number, to: number): number =>
  to > from && bytes[to - 1] === CR ? to - 1 : to

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
