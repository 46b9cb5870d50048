/** The header of a member of a tar archive: a block of 512 bytes, with numbers in octal. */

export const blockBytes = 512

/** What is wrong with an archive. */
export class TarFault extends Error {}

export interface TarHeader {
  /** What the member is: one character, see `kinds` in list.ts. */
  type: string
  /** Cut at 100 bytes, or at 255 with its prefix; longer names come in a member of their own. */
  name: Buffer
  sizeBytes: number
}

/** Where the fields lie, by the standard (POSIX.1, `pax`). */
const nameAt: Span = [0, 100]
const modeAt: Span = [100, 108]
const sizeAt: Span = [124, 136]
const sumAt: Span = [148, 156]
const typeAt: Span = [156, 157]
const magicAt: Span = [257, 263]
const prefixAt: Span = [345, 500]

type Span = [start: number, end: number]

/** @returns null for bytes that are no header, or a damaged one */
export function readHeader(block: Buffer): TarHeader | null {
  if (block.length < blockBytes) return null
  const sum = numberAt(block, sumAt)
  if (sum === null || !sumsOf(block).includes(sum)) return null
  const sizeBytes = numberAt(block, sizeAt)
  // Text that happens to sum up to a number in it has no mode at this place as well.
  if (sizeBytes === null || numberAt(block, modeAt) === null) return null
  const name = textAt(block, nameAt)
  // GNU has times where the standard has the prefix.
  const isStandard = block.toString('latin1', ...magicAt) === 'ustar\0'
  const prefix = isStandard ? textAt(block, prefixAt) : none
  return {
    type: block.toString('latin1', ...typeAt),
    name: prefix.length > 0 ? Buffer.concat([prefix, slash, name]) : name,
    sizeBytes,
  }
}

const none = Buffer.alloc(0)
const slash = Buffer.from('/')

/** The sum of all bytes, with blanks in place of the sum; some programs took bytes as signed. */
function sumsOf(block: Buffer): [unsigned: number, signed: number] {
  let unsigned = 0
  let signed = 0
  for (let at = 0; at < blockBytes; at++) {
    const byte = at >= sumAt[0] && at < sumAt[1] ? 32 : (block[at] as number)
    unsigned += byte
    signed += byte > 127 ? byte - 256 : byte
  }
  return [unsigned, signed]
}

/** In octal; one that does not fit in is binary, and its first byte says so. */
function numberAt(block: Buffer, [start, end]: Span): number | null {
  if (block[start] === 0x80) {
    const value = BigInt(`0x${block.toString('hex', start + 1, end)}`)
    return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : null
  }
  const [, digits] = /^ *([0-7]+)[ \0]*$/.exec(block.toString('latin1', start, end)) ?? []
  return digits === undefined ? null : Number.parseInt(digits, 8)
}

function textAt(block: Buffer, [start, end]: Span): Buffer {
  const field = block.subarray(start, end)
  const length = field.indexOf(0)
  return Buffer.from(length < 0 ? field : field.subarray(0, length))
}

/** Is this the beginning of a tar archive? It has a checksum there, whatever wrote it. */
export const isTar = (head: Buffer): boolean => readHeader(head) !== null
