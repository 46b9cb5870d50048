/** The bytes that a dialect gives a meaning to; -1 for those that it does not have. */
import { bomBytes } from '../bom.ts'
import type { Dialect } from './dialect.ts'

export interface Marks {
  delimiter: Buffer
  quote: number
  /** -1 when a quote is escaped by doubling it. */
  escape: number
  /** The byte that ends a line: of `\r\n` the second. */
  newline: number
  /** The first byte of what a line that is no record starts with, and all of it. */
  comment: number
  commentText: Buffer
}

export const LF = 10
export const CR = 13

export const noBytes = Buffer.alloc(0)

export const withoutBom = (bytes: Buffer): Buffer => bytes.subarray(bomBytes(bytes))

export function marksOf({ delimiter, quote, escape, newline, comment }: Dialect): Marks {
  const commentText = Buffer.from(comment ?? '')
  const code = (char: string | undefined) => (char ? char.charCodeAt(0) : -1)
  return {
    delimiter: Buffer.from(delimiter),
    quote: code(quote),
    escape: quote === '' || escape === quote ? -1 : code(escape),
    newline: newline === '\r' ? CR : LF,
    comment: commentText[0] ?? -1,
    commentText,
  }
}

/** Does a comment start there? The bytes may end within what it starts with: then it is `cut`. */
export function commentAt(
  bytes: Buffer,
  at: number,
  { comment, commentText }: Pick<Marks, 'comment' | 'commentText'>,
): boolean | 'cut' {
  if (bytes[at] !== comment) return false
  const { length } = commentText
  const found = bytes.subarray(at, at + length)
  if (!commentText.subarray(0, found.length).equals(found)) return false
  return found.length === length || 'cut'
}

/** The carriage return belongs to it, also where the newline itself is missing. */
export function withoutLineEnd(record: Buffer, newline: number): Buffer {
  const line = record.at(-1) === newline ? record.subarray(0, -1) : record
  return newline === LF && line.at(-1) === CR ? line.subarray(0, -1) : line
}
