/** Reading files in chunks, without leaving work to the garbage collector. */
import type { FileHandle } from 'node:fs/promises'

/** Who asks for chunks may do so faster than another thread wakes up to read one. */
const readsAhead = 2

/**
 * The bytes of a range, in chunks of up to `chunkBytes`; fewer when the file ends before it. A
 * chunk is valid until the next one is asked for: the others are read into their own buffers
 * meanwhile.
 */
export async function* chunksOf(
  handle: FileHandle,
  { start, end }: { start: number; end: number },
  chunkBytes: number,
): AsyncGenerator<Buffer> {
  const size = Math.max(0, Math.min(chunkBytes, end - start))
  const count = size === 0 ? 0 : Math.min(readsAhead + 1, Math.ceil((end - start) / size))
  const buffers = Array.from({ length: count }, () => Buffer.allocUnsafeSlow(size))
  const reads: { read: Promise<Buffer>; wanted: number }[] = []
  let asked = start
  let turn = 0
  const readOn = () => {
    const buffer = buffers[turn++ % count] as Buffer
    const wanted = Math.min(size, end - asked)
    const read = readAt(handle, buffer.subarray(0, wanted), asked)
    // An error is thrown when the chunk is awaited: it must not be an unhandled rejection.
    read.catch(() => {})
    reads.push({ read, wanted })
    asked += wanted
  }
  for (let position = start; position < end; ) {
    while (reads.length < count && asked < end) readOn()
    const { read, wanted } = reads.shift() as (typeof reads)[number]
    const chunk = await read
    if (chunk.length === 0) return
    position += chunk.length
    if (chunk.length < wanted) {
      // What was read ahead does not follow it.
      await Promise.allSettled(reads.splice(0).map((each) => each.read))
      asked = position
    }
    yield chunk
  }
}

export async function readAt(handle: FileHandle, buffer: Buffer, at: number): Promise<Buffer> {
  const { bytesRead } = await handle.read(buffer, 0, buffer.length, at)
  return buffer.subarray(0, bytesRead)
}

/** All bytes of what is known to have `sizeBytes`, or fewer. */
export async function readAll(chunks: AsyncIterable<Buffer>, sizeBytes: number): Promise<Buffer> {
  const all = Buffer.allocUnsafe(sizeBytes)
  let at = 0
  for await (const chunk of chunks) at += chunk.copy(all, at)
  return all.subarray(0, at)
}
