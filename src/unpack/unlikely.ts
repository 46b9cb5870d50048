/** An encoding that is given and plainly is not that of the file: every value would be read wrong. */
import { isUtf8 } from 'node:buffer'
import { markOf, sniffUtf16 } from './encoding.ts'

/** The units of an encoding have as many bytes as zeros are common in them. */
const wideNames = /^(utf-?16|utf-?32|ucs-?[24])(-?[lb]e)?$/i

/**
 * @param encoding the given one; null for UTF-8
 * @returns what speaks against it; null where nothing does
 */
export function contradictionOf(head: Buffer, encoding: string | null): string | null {
  const marked = markOf(head)
  if (marked !== null && !agrees(marked, encoding)) {
    return `it begins with the byte order mark of ${marked}`
  }
  if (marked !== null) return null
  const wide = encoding !== null && wideNames.test(encoding)
  const found = sniffUtf16(head)
  if (found !== null && !(wide && agrees(found, encoding))) {
    return `its bytes are those of ${found}`
  }
  return wide && found === null && isNarrow(head) ? 'its characters have one byte each' : null
}

/** The name says more or less than the mark: `utf-16` is one of both. */
function agrees(found: string, encoding: string | null): boolean {
  const plain = (name: string) => name.toLowerCase().replace(/[^0-9a-z]/g, '')
  const given = encoding === null ? 'utf8' : plain(encoding).replace(/^ucs/, 'utf')
  const name = plain(found)
  // `ucs-2` is utf-16le by another name.
  return given === name || name.startsWith(given) || (given === 'utf2' && name === 'utf16le')
}

/** Text with hardly a zero in it, which in two or four bytes a character has many. */
function isNarrow(head: Buffer): boolean {
  if (head.length < 2) return head.length === 1
  let nuls = 0
  for (let at = head.indexOf(0); at >= 0; at = head.indexOf(0, at + 1)) nuls++
  return nuls * 10 < head.length && (isUtf8(head) || nuls === 0)
}

/** So many bytes that are right in UTF-8 are no accident. */
const highBytesMin = 2

/** Are the bytes right in UTF-8, with more than ASCII, though another encoding is given? */
export function isUtf8Instead(head: Buffer, whole: boolean): boolean {
  // A head that is not all may end within a character.
  const end = whole ? head.length : lastStart(head)
  const text = head.subarray(0, end)
  if (!isUtf8(text)) return false
  let high = 0
  for (let at = 0; at < text.length && high < highBytesMin; at++) {
    if ((text[at] as number) >= 0x80) high++
  }
  return high >= highBytesMin
}

/** Where the last character begins. */
function lastStart(head: Buffer): number {
  let at = head.length - 1
  while (at > head.length - 4 && at > 0 && ((head[at] as number) & 0xc0) === 0x80) at--
  return Math.max(0, at)
}
