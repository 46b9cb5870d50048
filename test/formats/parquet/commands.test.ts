/** Parquet on the command line: a dry run, rejects that are corrected, and a reader that is stopped. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { unfoldParquet } from '../../../src/formats/parquet/unfold.ts'
import { buildApi } from '../../api/server.ts'
import { commandsBeside } from '../../cli/inProcess.ts'
import { until } from '../../harness.ts'
import { isDecoded } from './processes.ts'
import { writeParquet } from './written.ts'

const api = await buildApi()
beforeAll(() => api.startWorker())

const run = commandsBeside(api)
const prices = `select i as id, case when i % 3 = 2 then 'x' || i else i::varchar end as price,
  E'two\\nlines' as note from range(6) t(i)`

test('a dry run shows columns, types and rejects', async () => {
  await api.db.query('create table shown (id int, price numeric, note text)')
  const path = await writeParquet(join(api.folder, 'shown.parquet'), prices)
  const { code, out } = await run('ingest', path, '--dry-run', '--into', 'shown')
  expect(code).toBe(0)
  expect(out).toContain('2 would be rejects')
  expect(out).toContain('{"id": "2", "price": "x2", "note": "two\\nlines"}')
  const fresh = await run('ingest', path, '--dry-run', '--into', 'fresh')
  expect(fresh.out).toMatch(/id +bigint/)
  expect(fresh.out).toMatch(/note +text/)
})

test('rejects are exported as JSON, corrected, and loaded', async () => {
  await api.db.query('create table mended (id int, price numeric, note text)')
  const path = await writeParquet(join(api.folder, 'mended.parquet'), prices)
  const more = ['--into', 'mended', '--id', 'mended-parquet', '--queue', api.queue]
  expect(await run('ingest', path, ...more)).toMatchObject({ code: 0 })
  const same = await run('retry-rejects', 'mended-parquet')
  expect(same.out).toContain('0 of 2 rejects loaded after all, 2 still open')
  const { out } = await run('rejects', 'mended-parquet', '--csv')
  expect(out).toContain('""price"": ""x2""')
  // A number without quotes may have lost digits, so it is refused.
  const half = out
    .replace('""price"": ""x2""', '""price"": ""2.5""')
    .replace('""price"": ""x5""', '""price"": 5')
  const corrected = join(api.folder, 'corrected.csv')
  await writeFile(corrected, half)
  const retried = await run('retry-rejects', 'mended-parquet', '--from', corrected)
  expect(retried.out).toContain('1 of 2 rejects loaded after all, 1 still open')
  const [left] = (await api.rejects('mended-parquet')).filter(({ loadedAt }) => !loadedAt)
  expect(left).toMatchObject({ code: 'raw_unreadable', line: 6 })
  const rest = half.split('\r\n').filter((row) => !row.includes('2.5'))
  await writeFile(corrected, rest.join('\r\n').replace('""price"": 5', '""price"": ""5""'))
  await run('retry-rejects', 'mended-parquet', '--from', corrected)
  const { rows } = await api.db.query('select id, price::text, note from mended order by id')
  expect(rows.map(({ id, price }) => [id, price])).toEqual([
    [0, '0'],
    [1, '1'],
    [2, '2.5'],
    [3, '3'],
    [4, '4'],
    [5, '5'],
  ])
  expect(new Set(rows.map(({ note }) => note))).toEqual(new Set(['two\nlines']))
})

test('whoever stops reading, or aborts, ends the process that decodes', async () => {
  const path = await writeParquet(
    join(api.folder, 'long.parquet'),
    `select i, repeat('x', 1000) as text from range(300000) t(i)`,
  )
  const { signal } = new AbortController()
  for await (const chunk of unfoldParquet({ path, file: 'long' }, signal)) {
    expect(chunk.length).toBeGreaterThan(0)
    expect(await isDecoded(path)).toBe(true)
    break
  }
  await until(async () => !(await isDecoded(path)), { what: 'the end of the process' })
  const controller = new AbortController()
  const reading = async () => {
    for await (const _ of unfoldParquet({ path, file: 'long' }, controller.signal)) {
      controller.abort(new Error('stopped'))
    }
  }
  await expect(reading()).rejects.toThrow('stopped')
  await until(async () => !(await isDecoded(path)), { what: 'the end of the process' })
})
