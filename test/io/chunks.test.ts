/** Chunks are read ahead, into buffers that are used again and again: nothing may get into a wrong one. */
import type { FileHandle } from 'node:fs/promises'
import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { chunksOf } from '../../src/io/chunks.ts'

const file = Buffer.from(Array.from({ length: 300 }, (_, at) => at % 251))

/** A disk that gives less than it is asked for, now and then, as a network drive may. */
const handleOf = (sizeBytes: number, given: readonly number[]): FileHandle => {
  let reads = 0
  const read = async (buffer: Buffer, offset: number, length: number, at: number) => {
    const most = given[reads++ % given.length] as number
    await setImmediate()
    const end = Math.min(sizeBytes, at + Math.min(length, most))
    return { bytesRead: end > at ? file.copy(buffer, offset, at, end) : 0, buffer }
  }
  return { read } as unknown as FileHandle
}

const ranges = fc.record({
  sizeBytes: fc.nat(300),
  start: fc.nat(300),
  end: fc.nat(300),
  chunkBytes: fc.integer({ min: 1, max: 60 }),
  given: fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 8 }),
})

test('the bytes of a range come in order, however short the reads, and end where the file does', async () => {
  await fc.assert(
    fc.asyncProperty(ranges, async ({ sizeBytes, start, end, chunkBytes, given }) => {
      const chunks: Buffer[] = []
      for await (const chunk of chunksOf(handleOf(sizeBytes, given), { start, end }, chunkBytes)) {
        expect(chunk.length).toBeLessThanOrEqual(chunkBytes)
        // Other reads go on while a chunk is held.
        await setImmediate()
        chunks.push(Buffer.from(chunk))
      }
      const wanted = file.subarray(Math.min(start, sizeBytes), Math.min(end, sizeBytes))
      expect(Buffer.concat(chunks)).toEqual(start < end ? Buffer.from(wanted) : Buffer.alloc(0))
    }),
    { numRuns: 200 },
  )
})
