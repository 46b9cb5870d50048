/** Reads a packed or encoded text to its end. */
import { type UnpackLimits, unpackLimits } from '../../src/domain/unpack.ts'
import { openText } from '../../src/unpack/text.ts'

/** Chunks in one buffer that is filled anew each time, as a source gives them. */
export async function* inChunks(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  const buffer = Buffer.alloc(size)
  for (let at = 0; at < bytes.length; at += size) {
    yield buffer.subarray(0, bytes.copy(buffer, 0, at, at + size))
  }
}

interface Options {
  encoding?: string
  limits?: UnpackLimits
  size?: number
}

export async function read(
  bytes: Buffer,
  { encoding, limits = unpackLimits, size = 1 << 20 }: Options = {},
) {
  const format = encoding === undefined ? {} : { encoding }
  const text = await openText(inChunks(bytes, size), { file: 'it', format, limits })
  const parts: Buffer[] = []
  for await (const chunk of text.bytes) parts.push(Buffer.from(chunk))
  return { text: Buffer.concat(parts).toString(), packing: text.packing, encoding: text.encoding }
}
