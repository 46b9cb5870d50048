/** Which files are Avro, and what becomes of one that is damaged. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import type { FormatSpec } from '../../../src/spec/format.ts'
import { build } from '../../harness.ts'
import { container, long, recordOf } from './encoded.ts'

const harness = await build()
const files = join(import.meta.dirname, 'files')
await harness.startWorker()

const ingest = (path: string, table: string, more: { format?: FormatSpec } = {}) =>
  harness.ingest({ source: { kind: 'directory', path }, target: { table }, ...more })
const rowsOf = async (sql: string) => (await harness.db.query(sql)).rows

test('a file is Avro by its first bytes, also packed; beside CSV it is an error that lists both', async () => {
  const content = await readFile(join(files, 'deflate.avro'))
  await writeFile(join(harness.folder, 'no-name'), content)
  expect(await ingest(join(harness.folder, 'no-name'), 'by_bytes')).toMatchObject({ rowsLoaded: 6 })
  const packed = await harness.file('packed.bin.gz', gzipSync(content))
  expect(await ingest(packed, 'by_bytes')).toMatchObject({ error: null, rowsLoaded: 6 })
  await mkdir(join(harness.folder, 'mixed'))
  await harness.file('mixed/a.csv', 'a,b\n1,2\n')
  await writeFile(join(harness.folder, 'mixed/b.avro'), content)
  const mixed = await ingest(join(harness.folder, 'mixed'), 'mixed')
  expect(mixed).toMatchObject({ state: 'failed', error: { code: 'formats_mixed' } })
  expect(mixed.error?.message).toMatch(/a\.csv is csv.*b\.avro is avro/)
  const text = await harness.file('text.avro', 'a,b\n1,2\n')
  const named = await ingest(text, 'never', { format: { kind: 'avro' } })
  expect(named).toMatchObject({ state: 'failed', error: { code: 'avro_unreadable' } })
})

test('a damaged file loads nothing', async () => {
  const schema = recordOf({ id: 'int' })
  const blocks = [[long(1), long(2)], [long(3)]]
  const whole = container({ schema, blocks })
  const path = await harness.file('cut.avro', whole.subarray(0, whole.length - 3))
  const view = await ingest(path, 'never')
  expect(view).toMatchObject({ state: 'failed', error: { code: 'avro_unreadable' } })
  expect(view.error?.message).toContain('block 2: the file ends within it')
  expect(await rowsOf(`select to_regclass('never') as there`)).toEqual([{ there: null }])
  const empty = await harness.file('empty.avro', container({ schema, blocks: [] }))
  await harness.db.query('create table none (id int)')
  expect(await ingest(empty, 'none')).toMatchObject({ state: 'completed', rowsLoaded: 0 })
})
