/** Snappy as Avro has it: a block of Snappy's own format, and the CRC-32 of what comes out of it. */
import { crc32 } from 'node:zlib'
import { AvroFault } from './cursor.ts'

const crcBytes = 4

/** @throws AvroFault */
export function unsnappy(packed: Buffer, bytesMax: number): Buffer {
  const end = packed.length - crcBytes
  if (end < 1) throw damaged()
  const bytes = unpack(packed.subarray(0, end), bytesMax)
  if (crc32(bytes) !== packed.readUInt32BE(end)) throw new AvroFault('its checksum is another one')
  return bytes
}

/** Literals, and copies of what came before: google/snappy, format_description.txt. */
function unpack(packed: Buffer, bytesMax: number): Buffer {
  const header = sizeIn(packed)
  if (header.size > bytesMax) throw new AvroFault(`it has more than ${bytesMax} bytes`)
  const out = Buffer.allocUnsafe(header.size)
  let at = header.end
  let size = 0
  while (at < packed.length) {
    const { isLiteral, length, offset, next } = element(packed, at)
    if (length > out.length - size) throw damaged()
    if (isLiteral) {
      if (length > packed.length - next) throw damaged()
      packed.copy(out, size, next, next + length)
      at = next + length
    } else {
      if (offset === 0 || offset > size) throw damaged()
      repeat(out, { from: size - offset, to: size, length })
      at = next
    }
    size += length
  }
  if (size !== out.length) throw damaged()
  return out
}

/** What comes next, filled anew for each: there are many. */
const found = { isLiteral: false, length: 0, offset: 0, next: 0 }

function element(packed: Buffer, at: number): typeof found {
  const tag = packed[at] as number
  const kind = tag & 3
  found.isLiteral = kind === 0
  if (kind === 0) {
    const short = tag >> 2
    const bytes = short < 60 ? 0 : short - 59
    found.length = (bytes > 0 ? numberAt(packed, at + 1, bytes) : short) + 1
    found.next = at + 1 + bytes
  } else {
    const bytes = kind === 3 ? 4 : kind
    found.length = kind === 1 ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1
    found.offset = numberAt(packed, at + 1, bytes) + (kind === 1 ? (tag >> 5) << 8 : 0)
    found.next = at + 1 + bytes
  }
  return found
}

/** What is repeated may reach into itself. */
function repeat(
  out: Buffer,
  { from, to, length }: { from: number; to: number; length: number },
): void {
  if (from + length <= to) out.copyWithin(to, from, from + length)
  else for (let at = 0; at < length; at++) out[to + at] = out[from + at] as number
}

function sizeIn(packed: Buffer): { size: number; end: number } {
  let size = 0
  for (let end = 0; end < 5; end++) {
    const byte = packed[end]
    if (byte === undefined) throw damaged()
    size += (byte & 127) * 2 ** (7 * end)
    if (byte < 128) return { size, end: end + 1 }
  }
  throw damaged()
}

function numberAt(packed: Buffer, at: number, bytes: number): number {
  if (bytes > packed.length - at) throw damaged()
  return packed.readUIntLE(at, bytes)
}

const damaged = (): AvroFault => new AvroFault('it cannot be unpacked with snappy')
