/** gzip and deflate: zlib unpacks on a thread of its own while ours works on what came out. */
import {
  constants,
  createGunzip,
  createInflateRaw,
  type Gunzip,
  gunzipSync,
  type InflateRaw,
} from 'node:zlib'
import { messageOf, sluiceError } from '../errors.ts'

const outBytes = 256 * 1024

/**
 * All members of a gzip file, one after the other. Zeros may follow: tapes are filled up with them.
 * @throws packed_file_damaged
 */
export const gunzip = (packed: AsyncIterable<Buffer>, file: string): AsyncGenerator<Buffer> =>
  through(packed, createGunzip({ chunkSize: outBytes }), file)

/**
 * What the first bytes of a gzip file come to, which is up to 1032 times as much.
 * @returns null for bytes that are damaged, or too few
 */
export function unpackHead(packed: Buffer): Buffer | null {
  try {
    return gunzipSync(packed, { finishFlush: constants.Z_SYNC_FLUSH })
  } catch {
    return null
  }
}

/** What a member of a zip archive holds. @throws packed_file_damaged */
export const inflate = (packed: AsyncIterable<Buffer>, file: string): AsyncGenerator<Buffer> =>
  through(packed, createInflateRaw({ chunkSize: outBytes }), file)

async function* through(
  packed: AsyncIterable<Buffer>,
  zlib: Gunzip | InflateRaw,
  file: string,
): AsyncGenerator<Buffer> {
  const feeding = feed(packed, zlib, file).then(
    () => null,
    (error) => {
      // Ends the loop below, which throws it.
      zlib.destroy(error)
      return error
    },
  )
  try {
    for await (const chunk of zlib) yield chunk
    // What follows the packed bytes is looked at when everything has come out.
    const error = await feeding
    if (error) throw error
  } catch (error) {
    const isOfZlib = String((error as NodeJS.ErrnoException).code).startsWith('Z_')
    if (!isOfZlib) throw error
    throw sluiceError('packed_file_damaged', { file, problem: messageOf(error) }, { cause: error })
  } finally {
    zlib.destroy()
    await feeding
  }
}

async function feed(
  packed: AsyncIterable<Buffer>,
  zlib: Gunzip | InflateRaw,
  file: string,
): Promise<void> {
  const closed = new Promise((resolve) => zlib.once('close', resolve))
  let given = 0
  let atEnd = false
  for await (const chunk of packed) {
    let rest = chunk
    if (!atEnd) {
      given += chunk.length
      // A chunk is ours until the next one is asked for, so zlib must have taken it in by then.
      await Promise.race([new Promise((taken) => zlib.write(chunk, taken)), closed])
      if (zlib.errored) return
      rest = chunk.subarray(chunk.length - (given - zlib.bytesWritten))
      atEnd = rest.length > 0
    }
    if (atEnd && rest.some((byte) => byte !== 0)) {
      const problem = 'other bytes follow its end'
      throw sluiceError('packed_file_damaged', { file, problem })
    }
  }
  if (!atEnd) zlib.end()
}
