/** Bytes of a Parquet file that are damaged anywhere: an error or whole rows, and no process is left. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SluiceError } from '../../../src/errors.ts'
import { linesOf } from '../../../src/formats/lines.ts'
import { unfoldParquet } from '../../../src/formats/parquet/unfold.ts'
import { headOf } from '../../../src/formats/unfoldedText.ts'
import { build } from '../../harness.ts'

const harness = await build()
const { signal } = new AbortController()

async function unfolded(path: string): Promise<Buffer | SluiceError> {
  const chunks: Buffer[] = []
  try {
    for await (const chunk of unfoldParquet({ path, file: 'damaged' }, signal)) chunks.push(chunk)
    return Buffer.concat(chunks)
  } catch (error) {
    if (error instanceof SluiceError) return error
    throw error
  }
}

test('damaged anywhere', async () => {
  const whole = await readFile(join(import.meta.dirname, 'files/pyarrow.parquet'))
  const path = join(harness.folder, 'damaged.parquet')
  let refused = 0
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(255), async (at, byte) => {
      const bytes = Buffer.from(whole)
      bytes[at] = byte
      await writeFile(path, bytes)
      const found = await unfolded(path)
      if (found instanceof SluiceError) {
        refused++
        expect(['parquet_unreadable', 'parquet_lossy']).toContain(found.code)
        return
      }
      const { width, start } = headOf(found, { kind: 'parquet', newline: '\n' })
      const data = found.subarray(start.offset)
      expect(data.at(-1)).toBe(10)
      for (const { start: from, end } of linesOf(data, 0)) {
        expect(data.toString('utf8', from, end).split('\t')).toHaveLength(width)
      }
    }),
    { numRuns: 16, seed: 20261128 },
  )
  expect(refused).toBeGreaterThan(0)
})
