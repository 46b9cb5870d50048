/** Hostile input: each gets a clear answer, and the worker lives on in bounded memory. */
import { once } from 'node:events'
import { createWriteStream, readFileSync } from 'node:fs'
import { mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { build } from '../harness.ts'

const harness = await build()
const worker = await harness.startWorker()

const ingestFile = (path: string, table: string) =>
  harness.ingest({ source: { kind: 'directory', path }, target: { table } })
const ingest = async (content: string | Buffer, table: string) =>
  ingestFile(await harness.file(`${table}.csv`, content), table)

test('an empty file', async () => {
  expect(await ingest('', 'empty')).toMatchObject({
    state: 'failed',
    error: { code: 'source_without_records' },
  })
  await harness.db.query('create table empty (a int)')
  expect(await ingest('', 'empty')).toMatchObject({ state: 'completed', rowsRead: 0 })
})

test('a header only', async () => {
  const view = await ingest('a,b\n', 'header_only')
  expect(view).toMatchObject({ state: 'completed', rowsRead: 0, rowsLoaded: 0 })
  expect(view.columns).toEqual([
    { name: 'a', type: 'text' },
    { name: 'b', type: 'text' },
  ])
})

test('1,600 columns, and one more', async () => {
  const csv = (columns: number) => {
    const header = Array.from({ length: columns }, (_, n) => `c${n}`).join(',')
    return `${header}\n${header.replaceAll('c', 'x')}\n`
  }
  const view = await ingest(csv(1600), 'wide')
  // PostgreSQL has room for 8 kB a row, and these are more: a reject with its reason.
  const message = expect.stringMatching(/row is too big/)
  expect(view).toMatchObject({ state: 'failed', rowsRead: 1, rowsRejected: 1, error: { message } })
  const over = await ingest(csv(1601), 'too_wide')
  expect(over).toMatchObject({ state: 'failed', error: { code: 'columns_too_many' } })
})

test('binary files', async () => {
  const noise = Buffer.from(Array.from({ length: 5000 }, (_, n) => (n * 7919) % 256))
  for (const content of [noise, gzipSync(noise), Buffer.alloc(5000)]) {
    const view = await ingest(content, 'binary')
    expect(view).toMatchObject({ state: 'failed', error: { code: 'not_csv' } })
  }
})

test('a line of 1 GB among good ones', async () => {
  const path = join(harness.folder, 'long.csv')
  const file = createWriteStream(path)
  file.write('a,b\n1,x\n2,')
  const megabytes = Buffer.alloc(8 << 20, 'y')
  for (let written = 0; written < 1 << 30; written += megabytes.length) {
    if (!file.write(megabytes)) await once(file, 'drain')
  }
  file.end('\n3,z\n')
  await once(file, 'close')
  const view = await ingestFile(path, 'long')
  expect(view).toMatchObject({ state: 'completed', rowsLoaded: 2, rowsRejected: 1 })
  const [reject] = await harness.rejects(view.ingestId)
  expect(reject).toMatchObject({ line: 3, code: 'record_too_long' })
  expect(reject?.raw.length).toBe(1 << 20)
  const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${worker.pid}/status`, 'utf8'))
  expect(Number(peak?.[1]) / 1024).toBeLessThan(600)
})

test('a first line that never ends', async () => {
  const view = await ingest('x'.repeat(3 << 20), 'endless')
  expect(view).toMatchObject({ state: 'failed', error: { code: 'not_csv' } })
})

test('paths outside the roots, also through a link', async () => {
  const link = join(harness.folder, 'link.csv')
  await symlink('/etc/passwd', link)
  for (const path of ['/etc/passwd', link, join(harness.folder, '../../etc/passwd')]) {
    const view = await ingestFile(path, 'secrets')
    expect(view.state).toBe('failed')
    expect(view.error?.code).toMatch(/path_not_allowed|source_empty/)
  }
  const view = await ingestFile(join(harness.folder, 'nothing-*.csv'), 'nothing')
  expect(view).toMatchObject({ state: 'failed', error: { code: 'source_empty' } })
})

test('a folder among the files, a name with odd characters', async () => {
  const folder = join(harness.folder, 'odd')
  await mkdir(join(folder, 'sub'), { recursive: true })
  await harness.file('odd/it\'s "odd"; [x] *.csv', 'a\n1\n')
  const view = await ingestFile(folder, 'odd')
  expect(view).toMatchObject({ state: 'completed', files: 1, rowsLoaded: 1 })
})

test('a table name with quotes and semicolons', async () => {
  await harness.db.query('create table victim (a int)')
  const name = 'public."x""; drop table victim; --"'
  const view = await harness.ingest({
    source: { kind: 'directory', path: await harness.file('x.csv', '"a"";drop",b\n1,2\n') },
    target: { table: name },
  })
  expect(view.state).toBe('completed')
  const { rows } = await harness.db.query(
    `select relname from pg_class where relname like 'x"%' or relname = 'victim'`,
  )
  expect(rows.map(({ relname }) => relname).sort()).toEqual(['victim', 'x"; drop table victim; --'])
})
