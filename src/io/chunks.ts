/** Reading files in chunks, without leaving work to the garbage collector. */
import type { FileHandle } from 'node:fs/promises'

/**
 * The bytes of a range, in chunks of up to `chunkBytes`; fewer when the file ends before it. A
 * chunk is valid until the next one is asked for: of two buffers the other one is read into
 * meanwhile.
 */
export async function* chunksOf(
  handle: FileHandle,
  { start, end }: { start: number; end: number },
  chunkBytes: number,
): AsyncGenerator<Buffer> {
  const size = Math.max(0, Math.min(chunkBytes, end - start))
  let buffer = Buffer.allocUnsafeSlow(size)
  let other = end - start > size ? Buffer.allocUnsafeSlow(size) : buffer
  const readOn = (at: number) => readAt(handle, buffer.subarray(0, Math.min(size, end - at)), at)
  let position = start
  let next = readOn(position)
  while (position < end) {
    const chunk = await next
    if (chunk.length === 0) return
    position += chunk.length
    ;[buffer, other] = [other, buffer]
    if (position < end) {
      next = readOn(position)
      // An error is thrown when the chunk is awaited: it must not be an unhandled rejection.
      next.catch(() => {})
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
