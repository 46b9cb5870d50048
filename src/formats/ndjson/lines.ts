/** The lines of a file: each that is not blank is a record, for JSON has no newline within a string. */
import { isWhite } from '../jsonSyntax.ts'
import { linesOf, textEnd } from '../lines.ts'
import type { RecordAt } from '../reader.ts'

/** Is there nothing but blanks? */
export function isBlank(bytes: Buffer, from: number, to: number): boolean {
  let at = from
  while (at < to && isWhite(bytes[at] as number)) at++
  return at === to
}

/** @param newline the byte that ends a line. @param before physical lines in front of the slice */
export function* recordsOf(slice: Buffer, newline: number, before: number): Generator<RecordAt> {
  for (const line of linesOf(slice, before, newline)) {
    const { start } = line
    const end = textEnd(slice, start, line.end)
    if (!isBlank(slice, start, end)) yield { ...line, end }
  }
}
