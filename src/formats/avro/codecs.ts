/** What the blocks of an Avro file are packed with. */
import { type InflateRaw, inflateRaw } from 'node:zlib'
import { messageOf } from '../../errors.ts'
import { unzstd } from '../../unpack/zstd.ts'
import { AvroFault } from './cursor.ts'
import { unsnappy } from './snappy.ts'

/** @throws AvroFault */
export type Unpack = (packed: Buffer, bytesMax: number) => Promise<Buffer>

export const codecs: Record<string, Unpack> = {
  null: async (packed) => packed,
  deflate: inflated,
  snappy: async (packed, bytesMax) => unsnappy(packed, bytesMax),
  zstandard: unzstandard,
}

/** Some programs leave a part of the checksum of zlib, which Avro has not, behind what they pack. */
const sumBytes = 4

function inflated(packed: Buffer, bytesMax: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const options = { maxOutputLength: bytesMax, info: true }
    inflateRaw(packed, options, (error, result) => {
      if (error)
        return reject(new AvroFault(`it cannot be unpacked: ${error.message}`, { cause: error }))
      // With `info` it is the bytes, and what they came from.
      const { buffer, engine } = result as unknown as { buffer: Buffer; engine: InflateRaw }
      if (engine.bytesWritten + sumBytes >= packed.length) resolve(buffer)
      else reject(new AvroFault('other bytes follow the end of what is packed'))
    })
  })
}

async function unzstandard(packed: Buffer, bytesMax: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  const source = (async function* () {
    yield packed
  })()
  try {
    for await (const chunk of unzstd(source, '')) {
      size += chunk.length
      if (size > bytesMax) throw new AvroFault(`it has more than ${bytesMax} bytes`)
      chunks.push(Buffer.from(chunk))
    }
  } catch (error) {
    if (error instanceof AvroFault) throw error
    throw new AvroFault(`it cannot be unpacked: ${messageOf(error)}`, { cause: error })
  }
  return Buffer.concat(chunks)
}
