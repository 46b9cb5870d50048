/** Avro on the command line: a dry run, and rejects that are corrected. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { buildApi } from '../../api/server.ts'
import { commandsBeside } from '../../cli/inProcess.ts'
import { container, long, recordOf, string } from './encoded.ts'

const api = await buildApi()
beforeAll(() => api.startWorker())

const run = commandsBeside(api)
const schema = recordOf({ id: 'int', price: 'string', tags: { type: 'array', items: 'int' } })
const rows = ['0', '1.50', 'x2', '3'].map((price, id) =>
  Buffer.concat([long(id), string(price), long(2), long(id), long(-1), long(0)]),
)

async function write(name: string): Promise<string> {
  const path = join(api.folder, name)
  await writeFile(path, container({ schema, blocks: [rows.slice(0, 2), rows.slice(2)] }))
  return path
}

test('a dry run shows the format, columns, types and rejects', async () => {
  await api.db.query('create table shown (id int, price numeric, tags int[])')
  const path = await write('shown.bin')
  const { code, out } = await run('ingest', path, '--dry-run', '--into', 'shown')
  expect(code).toBe(0)
  expect(out).toMatch(/format +avro/)
  expect(out).toContain('1 would be a reject')
  expect(out).toContain('{"id": "2", "price": "x2", "tags": "[2,-1]"}')
  const fresh = await run('ingest', path, '--dry-run', '--into', 'fresh')
  expect(fresh.out).toMatch(/id +integer/)
  expect(fresh.out).toMatch(/tags +jsonb/)
})

test('rejects are exported as JSON, corrected, and loaded, lists among their values', async () => {
  await api.db.query('create table mended (id int, price numeric, tags int[])')
  const path = await write('mended.avro')
  const more = ['--into', 'mended', '--id', 'mended-avro', '--queue', api.queue]
  expect(await run('ingest', path, ...more)).toMatchObject({ code: 0 })
  const same = await run('retry-rejects', 'mended-avro')
  expect(same.out).toContain('0 of 1 reject loaded after all, 1 still open')
  const { out } = await run('rejects', 'mended-avro', '--csv')
  const corrected = join(api.folder, 'corrected.csv')
  await writeFile(corrected, out.replace('""price"": ""x2""', '""price"": ""2.5""'))
  const retried = await run('retry-rejects', 'mended-avro', '--from', corrected)
  expect(retried.out).toContain('1 of 1 reject loaded after all')
  const { rows: found } = await api.db.query('select id, price::text, tags from mended order by id')
  expect(found).toEqual([
    { id: 0, price: '0', tags: [0, -1] },
    { id: 1, price: '1.50', tags: [1, -1] },
    { id: 2, price: '2.5', tags: [2, -1] },
    { id: 3, price: '3', tags: [3, -1] },
  ])
})
