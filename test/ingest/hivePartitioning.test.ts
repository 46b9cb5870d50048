/** Parts of paths as columns, end to end: in all lanes, as rejects and as corrections. */
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { DuckDBInstance } from '@duckdb/node-api'
import { expect, test } from 'vitest'
import { inProcess } from '../cli/inProcess.ts'
import { build } from '../harness.ts'
import { retryAll } from '../retry.ts'
import { tar } from '../tar.ts'

const harness = await build()
await harness.startWorker()

async function folder(name: string, files: Record<string, string | Buffer>): Promise<string> {
  const path = join(harness.folder, name)
  for (const [file, bytes] of Object.entries(files)) {
    await mkdir(dirname(join(path, file)), { recursive: true })
    await writeFile(join(path, file), bytes)
  }
  return path
}

const ingest = (path: string, table: string, target = {}, more = {}) =>
  harness.ingest({
    source: { kind: 'directory', path },
    target: { table, hivePartitioning: true, ...target },
    ...more,
  })

const rowsOf = async (table: string) => {
  const { rows } = await harness.db.query(`select to_jsonb(t) as row from ${table} t order by id`)
  return rows.map(({ row }) => row)
}

const typesOf = async (table: string) => {
  const { rows } = await harness.db.query(
    `select attname as name, format_type(atttypid, atttypmod) as type from pg_attribute
     where attrelid = '${table}'::regclass and attnum > 0 and not attisdropped order by attnum`,
  )
  return rows.map(({ name, type }) => `${name} ${type}`)
}

const lanesOf = async (ingestId: string) => {
  const { rows } = await harness.db.query(
    'select lane from sluice.units where ingest_id = $1 order by unit_no',
    [ingestId],
  )
  return rows.map(({ lane }) => lane)
}

async function parquet(path: string, rows: string): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:')
  const db = await instance.connect()
  await mkdir(dirname(path), { recursive: true })
  await db.run(`copy (${rows}) to '${path}' (format parquet)`)
  db.closeSync()
  instance.closeSync()
}

test('types come from the values of all paths, by the same rules as those of files', async () => {
  const path = await folder('types', {
    'year=2025/code=01/flag=true/day=2026-01-31/city=a%2Fb%20%C3%BC/a.csv': 'id\n1\n',
    'year=2026/code=02/flag=false/day=2026-02-01/city=__HIVE_DEFAULT_PARTITION__/a.csv':
      'id\n2\n3\n',
  })
  const view = await ingest(`${path}/**`, 'types')
  expect(view).toMatchObject({ state: 'completed', rowsRead: 3, rowsLoaded: 3, rowsRejected: 0 })
  expect(await typesOf('types')).toEqual([
    'id bigint',
    'year bigint',
    'code text',
    'flag boolean',
    'day date',
    'city text',
  ])
  expect(await rowsOf('types')).toEqual([
    { id: 1, year: 2025, code: '01', flag: true, day: '2026-01-31', city: 'a/b ü' },
    { id: 2, year: 2026, code: '02', flag: false, day: '2026-02-01', city: null },
    { id: 3, year: 2026, code: '02', flag: false, day: '2026-02-01', city: null },
  ])
})

test.each(['ndjson', 'json', 'tar.gz', 'parquet'])('%s', async (kind) => {
  const table = `of_${kind.replace('.', '_')}`
  const values = [1, 2].map((month) => ({ file: `month=${month}/rows.${kind}`, id: month }))
  const files = values.map(({ file, id }) => [
    file,
    kind === 'json' ? `[{"id":${id}}]` : `{"id":${id}}\n`,
  ])
  let path = join(harness.folder, kind)
  if (kind === 'parquet') {
    for (const { file, id } of values) await parquet(join(path, file), `select ${id} as id`)
  } else if (kind === 'tar.gz') {
    const entries = values.map(({ file, id }) => ({ name: file, content: `id\n${id}\n` }))
    path = await harness.file('hive.tar.gz', gzipSync(tar(entries)))
  } else path = await folder(kind, Object.fromEntries(files))
  const view = await ingest(kind === 'tar.gz' ? path : `${path}/**`, table)
  expect(view).toMatchObject({ state: 'completed', rowsLoaded: 2 })
  expect(await rowsOf(table)).toEqual([
    { id: 1, month: 1 },
    { id: 2, month: 2 },
  ])
  // What COPY reads as it is stays in the fast lane.
  if (kind === 'parquet') expect(await lanesOf(view.ingestId)).toEqual(['fast', 'fast'])
})

test.each([true, false])(
  'into a table that is there, atomic: %s; rejects and corrections',
  async (atomic) => {
    const table = `there_${atomic}`
    await harness.db.query(
      `create table ${table} (id bigint, "Region" text, n integer, year integer)`,
    )
    const path = await folder(table, {
      'region=eu\\tx/year=2025/a.csv': 'n,id\n1,1\nx,2\n',
      'region=us/year=2026/a.csv': 'n,id\n3,3\n',
      'region=us/year=none/a.csv': 'n,id\n4,4\n5,5\n',
    })
    const view = await ingest(`${path}/**`, table, { atomic }, { rejects: { max: 10 } })
    expect(view).toMatchObject({ state: 'completed', rowsRead: 5, rowsLoaded: 2, rowsRejected: 3 })
    expect(await rowsOf(table)).toEqual([
      { id: 1, Region: 'eu\\tx', n: 1, year: 2025 },
      { id: 3, Region: 'us', n: 3, year: 2026 },
    ])
    const rejects = await harness.rejects(view.ingestId)
    expect(rejects.map(({ line, raw, column }) => [line, raw, column])).toEqual([
      [3, 'x,2', 'n'],
      [2, '4,4', 'year'],
      [3, '5,5', 'year'],
    ])
    const corrected = `file,line,raw\n"${path}/region=eu\\tx/year=2025/a.csv",3,"2,2"\n`
    expect(await retryAll(harness, view.ingestId, corrected)).toMatchObject({ rowsLoaded: 1 })
    expect((await rowsOf(table))[1]).toEqual({ id: 2, Region: 'eu\\tx', n: 2, year: 2025 })
  },
)

test('without a header fields go by position, and parts by name', async () => {
  await harness.db.query('create table plain (year integer, id bigint, n integer)')
  const path = await folder('plain', { 'year=2026/a.csv': '1,2\n3,4\n' })
  const view = await ingest(`${path}/**`, 'plain', {}, { format: { header: false } })
  expect(view).toMatchObject({ state: 'completed', rowsLoaded: 2 })
  expect(await rowsOf('plain')).toEqual([
    { id: 1, n: 2, year: 2026 },
    { id: 3, n: 4, year: 2026 },
  ])
})

test.each<[string, Record<string, string>, string]>([
  ['other parts', { 'a=1/b=2/x.csv': 'id\n1\n', 'a=1/x.csv': 'id\n2\n' }, 'path_parts_differ'],
  ['no parts', { 'a/x.csv': 'id\n1\n' }, 'path_parts_differ'],
  ['a part twice', { 'a=1/A=2/x.csv': 'id\n1\n' }, 'path_part_twice'],
  ['a column of the file', { 'a=1/x.csv': 'id,A\n1,2\n' }, 'path_part_in_file'],
])('%s: an error that names the file, also in a dry run', async (what, files, code) => {
  const path = await folder(what.replaceAll(' ', '-'), files)
  const view = await ingest(`${path}/**`, 'nothing')
  expect(view).toMatchObject({ state: 'failed', error: { code } })
  expect(view.error?.message).toContain('x.csv')
  const args = ['--into', 'nothing', '--dry-run', '--hive-partitioning']
  const seen = await inProcess(['ingest', `${path}/**`, ...args], { DATABASE_URL: '' })
  expect(seen.code).toBe(1)
})

test('a dry run shows the columns of the path', async () => {
  const path = await folder('dry', { 'year=2026/a.csv': 'id\n1\n', 'year=2027/a.csv': 'id\n2\n' })
  const args = ['--into', 'dry', '--dry-run', '--hive-partitioning']
  for (const url of ['', harness.databaseUrl]) {
    const { out } = await inProcess(['ingest', `${path}/**`, ...args], { DATABASE_URL: url })
    expect(out).toMatch(/\(its path\) +→ +year +bigint +2026/)
    expect(out).toMatch(/id +→ +id +bigint +1/)
  }
})

test('new parts are columns of a table that evolves', async () => {
  await harness.db.query('create table evolving (id bigint)')
  const path = await folder('evolving', { 'year=2026/a.csv': 'id\n1\n' })
  const failed = await ingest(`${path}/**`, 'evolving')
  expect(failed).toMatchObject({ error: { code: 'column_unknown' } })
  const view = await ingest(`${path}/**`, 'evolving', { schema: 'evolve' })
  expect(view).toMatchObject({ state: 'completed' })
  expect(await rowsOf('evolving')).toEqual([{ id: 1, year: 2026 }])
})
