/** `sluice retry-rejects`, `sluice rejects --all` and `--schema`: what they print, and exit codes. */
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { buildApi } from '../api/server.ts'
import { sluice } from './sluice.ts'

const api = await buildApi()
const env = { SLUICE_API: api.url, SLUICE_HOME: join(api.folder, 'none') }
const run = (...args: string[]) => sluice(args, { env, cwd: api.folder })
const write = (name: string, text: string) => writeFile(join(api.folder, name), text)
const ingest = (file: string, ...args: string[]) =>
  run('ingest', file, '--queue', api.queue, ...args)

beforeAll(() => api.startWorker())

test('export, correct, load again', async () => {
  await api.db.query('create table trips (id int, name text)')
  await write('trips.csv', 'id,name\n1,a\nx,b\n3,c\ny,d\n')
  await ingest('trips.csv', '--into', 'trips', '--id', 'trips')
  const same = await run('retry-rejects', 'trips')
  expect(same).toEqual({
    code: 1,
    out: '– 0 of 2 rejects loaded after all, 2 still open: sluice rejects trips\n',
    error: '',
  })
  const { out: csv } = await run('rejects', 'trips', '--csv')
  await write('fixed.csv', csv.replace('"x,b"', '"2,b"').replace(/.*"y,d"\r\n/, ''))
  const fixed = await run('retry-rejects', 'trips', '--from', 'fixed.csv')
  expect(fixed.error).toBe('')
  expect(fixed.out).toContain(
    '✓ 1 of 1 reject loaded after all, 1 still open: sluice rejects trips',
  )
  expect(fixed.code).toBe(0)
  expect(await readdir(join(api.folder, '.stage', 'uploads'))).toEqual([])
  const status = await run('status', 'trips')
  expect(status.out).toMatch(/^rows +3 loaded, 1 rejected$/m)
  expect(status.out).toMatch(/^rejects +1 loaded after all$/m)
  expect((await run('rejects', 'trips')).out).not.toContain('x,b')
  expect((await run('rejects', 'trips', '--all')).out).toMatch(/trips\.csv:3 id: .*x,b {2}loaded 2/)
  await api.db.query('alter table trips alter id type text')
  const last = await run('retry-rejects', 'trips', '--json')
  expect(last.code).toBe(0)
  expect(JSON.parse(last.out)).toMatchObject({ id: 'retry-3', rowsLoaded: 1, rowsOpen: 0 })
  const { rows } = await api.db.query('select id from trips order by id')
  expect(rows.map(({ id }) => id)).toEqual(['1', '2', '3', 'y'])
  const none = await run('retry-rejects', 'trips', '--json')
  expect([none.code, JSON.parse(none.error).error.code]).toEqual([1, 'rejects_none_open'])
})

test('corrections that are none load nothing, and say which line', async () => {
  await api.db.query('create table t2 (id int)')
  await write('t2.csv', 'id\n1\nx\n')
  await ingest('t2.csv', '--into', 't2', '--id', 't2')
  await write('wrong.csv', 'file,line,raw\nelse.csv,2,1\n')
  const wrong = await run('retry-rejects', 't2', '--from', 'wrong.csv')
  expect(wrong.code).toBe(1)
  expect(wrong.out).toMatch(/✗ retry-1-\w{8} of t2 failed: nothing was loaded\n {2}Line 2 of/)
  const missing = await run('retry-rejects', 't2', '--from', 'nope.csv')
  expect([missing.code, missing.error]).toEqual([1, expect.stringContaining('no file at nope.csv')])
  const asked = await run('retry-rejects', 't2', '--no-wait')
  expect([asked.code, asked.out]).toEqual([0, expect.stringContaining('retry-1 of t2')])
})

test('--schema', async () => {
  await api.db.query('create table old (id int)')
  await write('more.csv', 'id,extra\n1,2\n')
  const refused = await ingest('more.csv', '--into', 'old')
  expect([refused.code, refused.out]).toEqual([1, expect.stringContaining('--schema evolve')])
  const dry = { ...env, DATABASE_URL: api.databaseUrl }
  const args = ['ingest', 'more.csv', '--into', 'old', '--dry-run', '--json', '--schema', 'evolve']
  const peeked = await sluice(args, { env: dry, cwd: api.folder })
  expect(JSON.parse(peeked.out)).toMatchObject({
    problem: null,
    columns: [
      { name: 'id', type: 'integer' },
      { name: 'extra', type: 'bigint' },
    ],
  })
  expect((await ingest('more.csv', '--into', 'old', '--schema', 'evolve')).code).toBe(0)
  const { rows } = await api.db.query('select * from old')
  expect(rows).toEqual([{ id: 1, extra: 2 }])
})
