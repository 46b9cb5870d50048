/** What text is written in: given, or worked out from the first bytes of a file. */
import { isUtf8 } from 'node:buffer'
import iconv from 'iconv-lite'
import { sluiceError } from '../errors.ts'
import { similarEncodings } from './encodingNames.ts'

/** iconv-lite has them, but they are no way to write text. */
const noText = ['hex', 'base64']

/** Bytes that are right in UTF-8 need no other hand: what is wrong becomes a reject. */
const likeUtf8 = ['utf8', 'unicode11utf8', 'ascii', 'usascii', 'ansix34', 'iso646us']

/**
 * @returns null for UTF-8, else a name that iconv-lite knows
 * @throws encoding_unknown
 */
export function encodingOf(name: string): string | null {
  const plain = name.toLowerCase().replace(/[^0-9a-z]/g, '')
  if (likeUtf8.includes(plain)) return null
  if (!noText.includes(plain) && iconv.encodingExists(name)) return name.toLowerCase()
  throw sluiceError('encoding_unknown', { name, similar: similarEncodings(plain) })
}

const marks: [string | null, number[]][] = [
  // Before utf-16le, which starts alike.
  ['utf-32le', [0xff, 0xfe, 0, 0]],
  ['utf-32be', [0, 0, 0xfe, 0xff]],
  ['utf-16le', [0xff, 0xfe]],
  ['utf-16be', [0xfe, 0xff]],
  [null, [0xef, 0xbb, 0xbf]],
]

/** What a byte order mark says that the text is written in; null without one. */
export function markOf(head: Buffer): string | null {
  const found = marks.find(([, mark]) => mark.every((byte, at) => head[at] === byte))
  return found ? (found[0] ?? 'utf-8') : null
}

/** @returns null for UTF-8, and for what looks like nothing else */
export function sniffEncoding(head: Buffer): string | null {
  for (const [encoding, mark] of marks) {
    if (mark.every((byte, at) => head[at] === byte)) return encoding
  }
  if (head.includes(0)) return sniffUtf16(head)
  return isUtf8(head) ? null : sniffWindows1252(head)
}

/** Fewer are NUL bytes in a text of UTF-8. Two characters of UTF-16 are no table. */
const nulsMin = 3

/** Delimiters, digits and line ends have a NUL byte each, always on the same side. */
export function sniffUtf16(head: Buffer): string | null {
  const pairs = head.length >> 1
  const nuls = [0, 0]
  for (let at = head.indexOf(0); at >= 0; at = head.indexOf(0, at + 1)) {
    nuls[at & 1] = (nuls[at & 1] as number) + 1
  }
  const [even, odd] = nuls as [number, number]
  const isMany = (many: number, few: number) =>
    many >= nulsMin && many * 6 > pairs && few * 3 < many
  const little = isMany(odd, even) && hasDelimiters(head, 1)
  if (little && isText(head, 'utf-16le')) return 'utf-16le'
  const big = isMany(even, odd) && hasDelimiters(head, -1)
  if (big && isText(head, 'utf-16be')) return 'utf-16be'
  return null
}

/** It has no control characters but those of a text file, and its line ends are such of UTF-16. */
function isText(head: Buffer, encoding: string): boolean {
  const bytes = head.subarray(0, Math.min(65_536, head.length & ~1))
  const text = iconv.decode(bytes, encoding)
  // In a text of UTF-8 with NUL bytes they are halves of other characters.
  if (hasLineEnd(bytes.toString('latin1')) && !hasLineEnd(text)) return false
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return !/[\u0000-\u0008\u000e-\u001f\ufffe\uffff]/.test(text)
}

const hasLineEnd = (text: string): boolean => /[\r\n]/.test(text)

/** Most commas and semicolons have their NUL byte beside them, where there are any. */
function hasDelimiters(head: Buffer, nulAt: 1 | -1): boolean {
  let alone = 0
  let paired = 0
  for (const mark of [0x2c, 0x3b]) {
    for (let at = head.indexOf(mark); at >= 0; at = head.indexOf(mark, at + 1)) {
      if (head[at + nulAt] === 0) paired++
      else alone++
    }
  }
  return paired >= alone
}

const highBytesMin = 3
const undefined1252 = [0x81, 0x8d, 0x8f, 0x90, 0x9d]

/**
 * Only when UTF-8 is out of the question: no character of it, and every high byte is one of
 * Windows-1252 in the midst of ASCII. One or two bad bytes are a matter for their rows.
 */
function sniffWindows1252(head: Buffer): string | null {
  let count = 0
  for (let at = 0; at < head.length; at++) {
    const byte = head[at] as number
    if (byte < 0x80) continue
    count++
    if (undefined1252.includes(byte) || isUtf8Character(head, at)) return null
    const isAlone = (head[at - 1] ?? 0) < 0x80 || (head[at + 1] ?? 0) < 0x80
    if (!isAlone) return null
  }
  return count >= highBytesMin ? 'windows-1252' : null
}

function isUtf8Character(head: Buffer, at: number): boolean {
  const byte = head[at] as number
  if (byte < 0xc2) return false
  const length = 2 + Number(byte >= 0xe0) + Number(byte >= 0xf0)
  return isUtf8(head.subarray(at, at + length))
}
