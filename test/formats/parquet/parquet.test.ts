/** Parquet: exact types by its schema, rejects that can be corrected, and nothing cut off unsaid. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import type { IngestSpec } from '../../../src/spec/spec.ts'
import { build } from '../../harness.ts'
import { writeParquet } from './written.ts'

const harness = await build()
await harness.startWorker({
  env: { SLUICE_SOURCE_ROOTS: `${harness.folder}:${join(import.meta.dirname, 'files')}` },
})

const fixture = (name: string) => join(import.meta.dirname, 'files', name)

async function ingest(path: string | string[], table: string, more: Partial<IngestSpec> = {}) {
  const source = { kind: 'directory' as const, path }
  const view = await harness.ingest({ source, target: { table }, ...more })
  if (table !== 'never') expect(view.error).toBeNull()
  return view
}

const rowsOf = async (sql: string) => (await harness.db.query(sql)).rows
const typesOf = async (table: string) =>
  Object.fromEntries(
    (
      await rowsOf(`select attname, format_type(atttypid, atttypmod) as type from pg_attribute
        where attrelid = '${table}'::regclass and attnum > 0 order by attnum`)
    ).map(({ attname, type }) => [attname, type]),
  )

test('types of a new table are those of the schema, and each value is as it was written', async () => {
  const view = await ingest(fixture('pyarrow.parquet'), 'every')
  expect(view).toMatchObject({ state: 'completed', rowsRead: 6, rowsLoaded: 6, rowsRejected: 0 })
  expect(await typesOf('every')).toEqual({
    id: 'bigint',
    tiny: 'smallint',
    u32: 'bigint',
    u64: 'numeric(20,0)',
    amount: 'numeric(38,9)',
    score: 'double precision',
    ratio: 'real',
    half: 'real',
    note: 'text',
    bytes: 'bytea',
    fixed: 'bytea',
    day: 'date',
    at: 'timestamp without time zone',
    at_utc: 'timestamp with time zone',
    at_ms: 'timestamp without time zone',
    at_ns: 'timestamp without time zone',
    fine: 'timestamp without time zone',
    fine_utc: 'timestamp with time zone',
    time: 'time without time zone',
    active: 'boolean',
    tags: 'jsonb',
    point: 'jsonb',
    pairs: 'jsonb',
    word: 'text',
    nothing: 'text',
  })
  const texts =
    await rowsOf(`select id, tiny::text, u32::text, u64::text, amount::text, score::text,
      ratio::text, half::text, note, bytes::text, fixed::text, day::text, at::text,
      (at_utc at time zone 'UTC')::text as at_utc, at_ms::text, at_ns::text, fine::text,
      time::text, active, tags::text, point::text, pairs::text, word, nothing
    from every order by id`)
  expect(texts[0]).toEqual({
    id: 0,
    tiny: '-128',
    u32: '4294967295',
    u64: '18446744073709551615',
    amount: '12345678901234567890123456789.123456789',
    score: '0.1',
    ratio: '0.1',
    half: '1.5',
    note: 'a\tb\\c\nd\r"e"\'é😀',
    bytes: '\\xaa00ff',
    fixed: '\\x61626364',
    day: '2024-01-31',
    at: '2024-01-31 12:34:56.123456',
    at_utc: '2024-01-31 12:34:56.123456',
    at_ms: '2024-01-31 12:34:56.123',
    at_ns: '2024-01-31 12:34:56.123456',
    fine: '2024-01-31 12:34:56.123456',
    time: '01:02:03.456789',
    active: true,
    tags: '["a", "b\\"c", null]',
    point: '{"x": 1.5, "big": 9007199254740993}',
    pairs: '{"k": 1}',
    word: 'x',
    nothing: null,
  })
  expect(texts.map(({ note }) => note)).toEqual([texts[0].note, '', null, '\\N', ' x ', '\x01'])
  expect(texts.map(({ score }) => score)).toEqual(['0.1', 'NaN', 'Infinity', '-0', '1e+300', null])
  expect(texts.map(({ bytes }) => bytes).slice(0, 3)).toEqual(['\\xaa00ff', '\\x', null])
  expect(texts[1].day).toBe('0001-01-01')
  expect(view.notes.map(({ code, column, count }) => [code, column, count])).toEqual([
    ['nanoseconds_cut', 'fine', 3],
    ['nanoseconds_unseen', 'fine_utc', null],
  ])
})

test('INT96, names that differ in case, and an empty one', async () => {
  const view = await ingest(fixture('int96.parquet'), 'old')
  expect(view).toMatchObject({ state: 'completed', rowsLoaded: 2 })
  const rows = await rowsOf('select * from old order by 2')
  expect(Object.values(rows[1]).slice(1)).toEqual([2, 4, 6])
  expect(new Set(Object.keys(rows[0])).size).toBe(4)
  expect(view.notes.map(({ code }) => code)).toContain('nanoseconds_unseen')
})

test('a value that the target refuses is a reject with its row, and loads once it is corrected', async () => {
  await harness.db.query('create table strict (id int, amount numeric(5,2), note text)')
  const path = await writeParquet(
    join(harness.folder, 'strict.parquet'),
    `select i as id, case when i = 3 then '12x' else i::varchar end as amount,
            case when i = 3 then E'tab\\there "quoted"' end as note from range(6) t(i)`,
  )
  const view = await ingest(path, 'strict')
  expect(view).toMatchObject({ state: 'completed', rowsLoaded: 5, rowsRejected: 1 })
  const [reject] = await harness.rejects(view.ingestId)
  expect(reject).toMatchObject({
    line: 4,
    column: 'amount',
    code: '22P02',
    raw: '{"id": "3", "amount": "12x", "note": "tab\\there \\"quoted\\""}',
  })
})

test('several units, in the order of the file, into a table that is there', async () => {
  await harness.db.query('create table many (id bigint, text text, extra int default 7)')
  const path = await writeParquet(
    join(harness.folder, 'many.parquet'),
    `select i as id, repeat('x', 50) || i as text from range(200000) t(i)`,
    ', row_group_size 10000',
  )
  const view = await ingest(path, 'many')
  expect(view).toMatchObject({ state: 'completed', rowsLoaded: 200_000, rowsRejected: 0 })
  expect(await rowsOf('select count(*), sum(id)::bigint, min(extra) from many')).toEqual([
    { count: 200_000, sum: (200_000 * 199_999) / 2, min: 7 },
  ])
  const units = await rowsOf(
    `select distinct lane from sluice.units where ingest_id = '${view.ingestId}'`,
  )
  expect(units).toEqual([{ lane: 'fast' }])
})

test('files whose schemas differ in order, columns and types go to one table', async () => {
  const at = (name: string) => join(harness.folder, 'parts', name)
  await mkdir(join(harness.folder, 'parts'))
  await writeParquet(at('one.parquet'), 'select 1::int as a, 1.5::decimal(5,2) as b')
  await writeParquet(at('two.parquet'), "select 2.25::decimal(9,4) as b, 3::bigint as a, 'x' as c")
  const view = await ingest(join(harness.folder, 'parts'), 'parts', {
    target: { table: 'parts', schema: 'evolve' },
  })
  expect(view).toMatchObject({ state: 'completed', rowsLoaded: 2 })
  expect(await typesOf('parts')).toEqual({ a: 'bigint', b: 'numeric(9,4)', c: 'text' })
  expect(await rowsOf('select a::text, b::text, c from parts order by a')).toEqual([
    { a: '1', b: '1.5000', c: null },
    { a: '3', b: '2.2500', c: 'x' },
  ])
})

test('packed with gzip, and without any row', async () => {
  const path = await harness.file(
    'packed.parquet.gz',
    gzipSync(await readFile(fixture('int96.parquet'))),
  )
  expect(await ingest(path, 'packed')).toMatchObject({ state: 'completed', rowsLoaded: 2 })
  const empty = join(harness.folder, 'empty.parquet')
  await writeParquet(empty, 'select 1 as a where false')
  await harness.db.query('create table none (a int)')
  expect(await ingest(empty, 'none')).toMatchObject({ state: 'completed', rowsLoaded: 0 })
})

test('what would lose digits, and what is no Parquet, is an error that says so', async () => {
  const bytes = await readFile(fixture('pyarrow.parquet'))
  for (const [name, content] of [
    ['cut.parquet', bytes.subarray(0, bytes.length - 100)],
    ['text.parquet', Buffer.from('a,b\n1,2\n')],
    [
      'middle.parquet',
      Buffer.concat([bytes.subarray(0, 500), Buffer.alloc(1000, 0xee), bytes.subarray(1500)]),
    ],
  ] as const) {
    const path = join(harness.folder, name)
    await writeFile(path, content)
    const view = await ingest(path, 'never', { format: { kind: 'parquet' } })
    expect(view, name).toMatchObject({ state: 'failed', error: { code: 'parquet_unreadable' } })
    expect(view.error?.message).toContain(path)
  }
  expect(await rowsOf(`select to_regclass('never') as there`)).toEqual([{ there: null }])
})

test('a file is Parquet by its first bytes; text that looks as if it had been unfolded is text', async () => {
  const parquet = await readFile(fixture('int96.parquet'))
  await writeFile(join(harness.folder, 'no-name'), parquet)
  const view = await ingest(join(harness.folder, 'no-name'), 'by_bytes')
  expect(view).toMatchObject({ state: 'completed', rowsLoaded: 2 })
  const line = '\x01{"columns":[{"name":"a","type":"text); drop table by_bytes; --"}],"notes":[]}'
  const path = await harness.file('sly.parquet', `${line}\n1\n2\n`)
  const sly = await harness.ingest({
    source: { kind: 'directory', path },
    target: { table: 'sly' },
  })
  expect(await rowsOf('select count(*)::int as rows from by_bytes')).toEqual([{ rows: 2 }])
  const [{ shape }] = await rowsOf(
    `select shape from sluice.files where ingest_id = '${sly.ingestId}'`,
  )
  expect(shape.reading.kind).toBe('csv')
})

test('Parquet beside CSV: an error that lists both', async () => {
  await mkdir(join(harness.folder, 'mixed'))
  await harness.file('mixed/a.csv', 'a,b\n1,2\n')
  await writeFile(join(harness.folder, 'mixed/b.parquet'), await readFile(fixture('int96.parquet')))
  const source = { kind: 'directory' as const, path: join(harness.folder, 'mixed') }
  const view = await harness.ingest({ source, target: { table: 'mixed' } })
  expect(view).toMatchObject({ state: 'failed', error: { code: 'formats_mixed' } })
  expect(view.error?.message).toMatch(/a\.csv is csv.*b\.parquet is parquet/)
})
