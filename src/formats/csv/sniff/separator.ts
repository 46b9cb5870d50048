/** The first line of a file may name the delimiter, for Excel: `sep=;`. It is no record. */
import type { Dialect } from '../dialect.ts'
import { marksOf } from '../marks.ts'

const line = /^"?sep=(\\t|[^\r\n\w"])"?\r?$/i
const lineBytesMax = 16

/** @returns the delimiter; null without such a line */
export function separatorLine(head: Buffer, dialect: Dialect): string | null {
  const start = head.subarray(0, lineBytesMax)
  const end = start.indexOf(marksOf(dialect).newline)
  const found = line.exec(start.subarray(0, end < 0 ? start.length : end).toString('latin1'))
  const named = found?.[1] === '\\t' ? '\t' : found?.[1]
  return named === undefined || named === dialect.quote ? null : named
}
