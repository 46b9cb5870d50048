/** Strings of JSON whose syntax has been checked, as the texts that they mean. */
import { hexAt } from './jsonSyntax.ts'

/** What a letter behind a backslash stands for; 0 for `u`. */
export const meaningOf = (byte: number): number => {
  if (byte === 110) return 10
  if (byte === 116) return 9
  if (byte === 114) return 13
  if (byte === 98) return 8
  if (byte === 102) return 12
  return byte === 117 ? 0 : byte
}

/** The code point of `\uXXXX` at the letter u, of both halves where there are two. */
export function codePointAt(bytes: Buffer, at: number): number {
  const high = hexAt(bytes, at + 1)
  if (high < 0xd800 || high > 0xdfff) return high
  return 0x1_0000 + (high - 0xd800) * 0x400 + hexAt(bytes, at + 7) - 0xdc00
}

/** How many bytes it takes behind the backslash. */
export const unicodeBytes = (code: number): number => (code > 0xffff ? 11 : 5)

/** Writes a character as UTF-8. @returns the address behind it */
export function putCodePoint(out: Buffer, at: number, code: number): number {
  if (code < 0x80) {
    out[at] = code
    return at + 1
  }
  if (code < 0x800) {
    out[at] = 0xc0 | (code >> 6)
    out[at + 1] = 0x80 | (code & 63)
    return at + 2
  }
  if (code < 0x1_0000) {
    out[at] = 0xe0 | (code >> 12)
    out[at + 1] = 0x80 | ((code >> 6) & 63)
    out[at + 2] = 0x80 | (code & 63)
    return at + 3
  }
  out[at] = 0xf0 | (code >> 18)
  out[at + 1] = 0x80 | ((code >> 12) & 63)
  out[at + 2] = 0x80 | ((code >> 6) & 63)
  out[at + 3] = 0x80 | (code & 63)
  return at + 4
}

/** Between its quotes. */
export function textOf(bytes: Buffer, from: number, to: number): string {
  const out = Buffer.alloc(to - from)
  let size = 0
  for (let at = from; at < to; ) {
    const byte = bytes[at++] as number
    if (byte !== 92) out[size++] = byte
    else {
      const meaning = meaningOf(bytes[at] as number)
      if (meaning > 0) {
        out[size++] = meaning
        at++
      } else {
        const code = codePointAt(bytes, at)
        size = putCodePoint(out, size, code)
        at += unicodeBytes(code)
      }
    }
  }
  return out.toString('utf8', 0, size)
}
