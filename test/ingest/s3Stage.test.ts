/** Ingests whose stage is a bucket: every way in, on two workers, and nothing is left there. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { afterAll, expect, test } from 'vitest'
import { listen } from '../api/server.ts'
import { outputOf } from '../dist.ts'
import { build, eachVerb } from '../harness.ts'
import { retryAll } from '../retry.ts'
import { sumOf, writeRows } from '../rows.ts'
import { startRclone } from '../s3/rclone.ts'
import { keys } from '../s3/signature.ts'
import { tar } from '../tar.ts'
import { stageIn } from './stageInS3.ts'
import { allThatIsToldOf } from './told.ts'

const rclone = await startRclone({ isWrittenTo: false })
await mkdir(join(rclone.folder, 'bucket'))
const inS3 = stageIn(rclone.endpoint)
const harness = await build({ stage: inS3, spec: { rejects: { max: '100%' } } })
afterAll(rclone.close)
const url = await listen(harness)

const app = outputOf(fileURLToPath(new URL('../steps/app.ts', import.meta.url)))
const workers = [
  await harness.startWorker({ args: ['--app', app] }),
  await harness.startWorker({ args: ['--app', app] }),
]
const csv = 'id,name\n1,"two\nlines"\nx,bad\n3,three\n'
const ids: string[] = []

const makeTable = (table: string) =>
  harness.db.query(`create table ${table} (id bigint, name text)`)

const namesIn = async (table: string): Promise<string[]> =>
  (await harness.db.query(`select name from ${table} order by id`)).rows.map(({ name }) => name)

/** It ends as it should, and leaves nothing in the bucket. */
async function ingest(spec: Parameters<typeof harness.start>[0], options = {}) {
  const ingestId = await harness.start(spec, options)
  ids.push(ingestId)
  const view = await harness.ended(ingestId)
  expect(view).toMatchObject({ state: 'completed', error: null })
  await harness.cleared(ingestId)
  return view
}

test.each([
  ['in one activity', {}],
  ['verb by verb', eachVerb],
])('a file of the worker, %s; its reject is corrected', async (how, options) => {
  const table = how.replaceAll(' ', '_')
  await makeTable(table)
  const path = await harness.file(`${table}.csv`, csv)
  const source = { kind: 'directory' as const, path }
  const view = await ingest({ source, target: { table } }, options)
  expect(view).toMatchObject({ rowsRead: 3, rowsLoaded: 2, rowsRejected: 1 })
  expect(await harness.rejects(view.ingestId)).toMatchObject([{ line: 4, raw: 'x,bad' }])
  const corrected = `file,line,raw\n${path},4,"2,good"\n`
  expect(await retryAll(harness, view.ingestId, corrected)).toMatchObject({ rowsLoaded: 1 })
  expect(await namesIn(table)).toEqual(['two\nlines', 'good', 'three'])
})

test('an upload by the API, in parts', async () => {
  await makeTable('uploaded')
  const send = (method: string, body: string, headers: Record<string, string>) =>
    fetch(`${url}/v1/uploads/sent.csv`, { method, body, headers })
  await send('PUT', csv.slice(0, 20), { 'upload-complete': '?0' })
  const at = { 'upload-offset': '20', 'upload-complete': '?1' }
  expect((await send('PATCH', csv.slice(20), at)).status).toBe(200)
  const source = { kind: 'upload' as const, uploads: ['sent.csv'] }
  const view = await ingest({ source, target: { table: 'uploaded' } }, eachVerb)
  expect(view).toMatchObject({ rowsLoaded: 2, rowsRejected: 1 })
})

test('a step reads a copy, and what it makes is loaded', async () => {
  await makeTable('stepped')
  const folder = join(harness.folder, 'stepped')
  await mkdir(folder)
  for (const name of ['a.csv', 'b.csv']) await writeFile(join(folder, name), csv.toLowerCase())
  const source = { kind: 'directory' as const, path: `${folder}/*.csv` }
  const spec = { source, target: { table: 'stepped' }, steps: ['double', 'pack'] }
  const view = await ingest(spec)
  expect(view).toMatchObject({ rowsLoaded: 8, rowsRejected: 4 })
})

test('members of a packed tar, which is unpacked into the bucket', async () => {
  await makeTable('members')
  const entries = [
    { name: 'a.csv', content: csv },
    { name: 'b.csv', content: csv },
  ]
  const path = await harness.file('members.tgz', gzipSync(tar(entries)))
  const source = { kind: 'directory' as const, path }
  const view = await ingest({ source, target: { table: 'members' } }, eachVerb)
  expect(view).toMatchObject({ files: 2, rowsLoaded: 4, rowsRejected: 2 })
})

test('a large file, in units on both workers', async () => {
  const rows = 700_000
  const path = join(harness.folder, 'large.csv')
  await writeRows(path, rows)
  const source = { kind: 'directory' as const, path }
  const view = await ingest({ source, target: { table: 'large' } })
  expect(view).toMatchObject({ rowsRead: rows, rowsLoaded: rows, rowsRejected: 0 })
  const { rows: found } = await harness.db.query(
    `select count(*)::int as rows, count(distinct id)::int as ids, sum(id)::bigint as sum,
            (select count(distinct worker)::int from sluice.units where ingest_id = $1) as workers
     from large`,
    [view.ingestId],
  )
  expect(found).toEqual([{ rows, ids: rows, sum: sumOf(rows), workers: workers.length }])
})

test('no key is told anywhere, and the bucket has nothing of any ingest', async () => {
  const log = workers.map((worker) => worker.output()).join('')
  const told = await allThatIsToldOf(ids, { harness, url, log })
  expect(told).not.toContain(keys.secretAccessKey)
  for (const id of ids) await harness.cleared(id)
})
