/** Avro: exact values in columns of the types of its schema, over files whose schemas differ. */
import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { IngestSpec } from '../../../src/spec/spec.ts'
import { build } from '../../harness.ts'
import { container, long, optional, recordOf, string } from './encoded.ts'

const harness = await build()
const files = join(import.meta.dirname, 'files')
await harness.startWorker({ env: { SLUICE_SOURCE_ROOTS: `${harness.folder}:${files}` } })

async function ingest(path: string | string[], table: string, more: Partial<IngestSpec> = {}) {
  const source = { kind: 'directory' as const, path }
  return harness.ingest({ source, target: { table }, ...more })
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
  const view = await ingest(join(files, 'snappy.avro'), 'every')
  expect(view).toMatchObject({
    error: null,
    rowsRead: 6,
    rowsLoaded: 6,
    rowsRejected: 0,
    notes: [],
  })
  expect(await typesOf('every')).toEqual({
    id: 'bigint',
    small: 'integer',
    ratio: 'real',
    score: 'double precision',
    note: 'text',
    bytes: 'bytea',
    active: 'boolean',
    amount: 'numeric(38,9)',
    whole: 'numeric(38,0)',
    day: 'date',
    millis: 'time without time zone',
    micros: 'time without time zone',
    at_millis: 'timestamp with time zone',
    at: 'timestamp with time zone',
    local: 'timestamp without time zone',
    key: 'uuid',
    word: 'text',
    fixed: 'bytea',
    tags: 'jsonb',
    pairs: 'jsonb',
    point: 'jsonb',
    either: 'jsonb',
    like: 'jsonb',
    number: 'numeric',
    nothing: 'text',
  })
  const texts = await rowsOf(`select id::text, small, ratio::text, score::text, note, bytes::text,
      active, amount::text, whole::text, day::text, millis::text, micros::text,
      (at_millis at time zone 'UTC')::text as at_millis, (at at time zone 'UTC')::text as at,
      local::text, key::text, word, fixed::text, tags::text, pairs::text, point::text,
      either::text, "like"::text, number::text, nothing
    from every order by every.id`)
  const column = (name: string) => texts.map((row) => row[name])
  const ids = [-(2n ** 63n), -1n, 0n, 64n, 2n ** 53n + 1n, 2n ** 63n - 1n]
  expect(column('id')).toEqual(ids.map(String))
  expect(new Set(column('score'))).toEqual(
    new Set(['0.1', 'NaN', 'Infinity', '-0', '1e+300', null]),
  )
  expect(texts[2]).toEqual({
    id: '0',
    small: 0,
    ratio: '0.1',
    score: '0.1',
    note: 'a\tb\\c\nd\r"e"\'é😀',
    bytes: '\\x',
    active: true,
    amount: '0.000000005',
    whole: '-5',
    day: '0001-01-01',
    millis: '01:02:03.456',
    micros: '23:59:59.999999',
    at_millis: '2024-01-31 12:34:56.123',
    at: '0001-01-01 00:00:00.000001',
    local: '9999-12-31 23:59:59.999999',
    key: '12345678-1234-1234-1234-123456789abc',
    word: 'y',
    fixed: '\\x61626364',
    tags: '["a", null, "b\\"c\\\\"]',
    pairs: '{"k": 9007199254740993}',
    point: '{"x": 1.5, "big": 9223372036854775807}',
    either: null,
    like: null,
    number: null,
    nothing: null,
  })
  expect(texts[4]).toMatchObject({
    bytes: '\\xaa00ff',
    amount: '-12345678901234567890123456789.123456789',
    whole: '99999999999999999999999999999999999999',
    either: '5',
    like: '{"string": "t"}',
    number: '9007199254740993',
  })
  expect(new Set(column('like'))).toEqual(
    new Set([null, '{"string": "t"}', '{"bytes": "\\\\x74"}']),
  )
  expect(new Set(column('note'))).toEqual(new Set([texts[2].note, '', null, '\\N', ' x ', '\x01']))
})

test('each codec has the same rows; one that is not read is an error that says so', async () => {
  for (const codec of ['null', 'deflate', 'zstandard']) {
    const view = await ingest(join(files, `${codec}.avro`), `in_${codec}`)
    expect(view, codec).toMatchObject({ error: null, rowsLoaded: 6 })
    const other = `(table every except table in_${codec}) union all (table in_${codec} except table every)`
    expect(await rowsOf(other)).toEqual([])
  }
  const view = await ingest(join(files, 'bzip2.avro'), 'never')
  expect(view).toMatchObject({ state: 'failed', error: { code: 'avro_codec' } })
  expect(view.error?.message).toContain('packed with bzip2')
})

test('the other logical types, other values than records, and types within themselves', async () => {
  const fixed = (name: string, size: number, logicalType: string) => ({
    ...{ type: 'fixed', name, size, logicalType },
  })
  const tree = { type: 'record', name: 'Tree', fields: [] as object[] }
  tree.fields.push(
    { name: 'leaf', type: 'int' },
    { name: 'trees', type: { type: 'array', items: 'Tree' } },
  )
  const schema = recordOf({
    nanos: ['null', { type: 'long', logicalType: 'timestamp-nanos' }],
    before: { type: 'long', logicalType: 'local-timestamp-micros' },
    key: fixed('Key', 16, 'uuid'),
    span: fixed('Span', 12, 'duration'),
    late: { type: 'int', logicalType: 'time-millis' },
    odd: { type: 'string', logicalType: 'date' },
    tree,
    fine: { type: 'array', items: { type: 'long', logicalType: 'timestamp-nanos' } },
  })
  const span = Buffer.from('010000000200000004000000', 'hex')
  const leaf = (value: number, trees: Buffer[] = []) =>
    Buffer.concat([
      long(value),
      ...(trees.length > 0 ? [long(trees.length), ...trees] : []),
      long(0),
    ])
  const row = (nanos: bigint | null, late: number) =>
    Buffer.concat([
      optional(nanos === null ? null : long(nanos)),
      // In 44 BC.
      long(-63_517_824_000_000_000n),
      Buffer.from('0123456789abcdef0123456789abcdef', 'hex'),
      span,
      long(late),
      string('no date'),
      leaf(1, [leaf(2), leaf(3, [leaf(4)])]),
      Buffer.concat([long(1), long(1_700_000_000_123_456_789n), long(0)]),
    ])
  const rows = [
    row(1_700_000_000_123_456_789n, 0),
    row(-1n, 86_400_000),
    row(1_700_000_000_123_456_000n, -1),
    row(null, 1),
  ]
  const path = await harness.file('other.avro', container({ schema, blocks: [rows] }))
  const view = await ingest(path, 'other')
  expect(view).toMatchObject({ error: null, rowsLoaded: 3, rowsRejected: 1 })
  expect(view.notes[0]).toMatchObject({ code: 'nanoseconds_cut', column: 'nanos', count: 2 })
  expect(
    await rowsOf(`select (nanos at time zone 'UTC')::text as nanos, before::text, key::text,
        span::text, late::text, odd, tree::text, fine::text from other order by nanos`),
  ).toEqual([
    expect.objectContaining({ nanos: '1969-12-31 23:59:59.999999', late: '24:00:00' }),
    {
      nanos: '2023-11-14 22:13:20.123456',
      before: '0044-03-15 00:00:00 BC',
      key: '01234567-89ab-cdef-0123-456789abcdef',
      span: '1 mon 2 days 00:00:00.004',
      late: '00:00:00',
      odd: 'no date',
      tree: '{"leaf": 1, "trees": [{"leaf": 2, "trees": []}, {"leaf": 3, "trees": [{"leaf": 4, "trees": []}]}]}',
      fine: '["2023-11-14 22:13:20.123456789+00"]',
    },
    expect.objectContaining({ nanos: null, late: '00:00:00.001' }),
  ])
  const [reject] = await harness.rejects(view.ingestId)
  expect(reject).toMatchObject({ line: 3, column: 'late' })
  expect(reject?.raw).toContain('"late": "-1 milliseconds"')
  const texts = container({ schema: '"string"', blocks: [[string('a'), string('b')]] })
  await ingest(await harness.file('texts.avro', texts), 'texts')
  expect(await rowsOf('select value from texts order by 1')).toEqual([
    { value: 'a' },
    { value: 'b' },
  ])
})

test('schemas that differ: order, columns, promotions and aliases', async () => {
  const folder = join(harness.folder, 'parts')
  await mkdir(folder)
  const one = recordOf({ id: 'int', old: 'string', amount: 'long', left: 'string' })
  const two = {
    ...{ type: 'record', name: 'Row' },
    fields: [
      { name: 'amount', type: ['null', 'double'] },
      { name: 'name', type: 'string', aliases: ['former', 'old'] },
      { name: 'id', type: 'long' },
      { name: 'more', type: ['null', 'string'] },
    ],
  }
  const blocks = [
    [Buffer.concat([long(1), string('first'), long(9_007_199_254_740_993n), string('x')])],
  ]
  await writeFile(join(folder, 'a.avro'), container({ schema: one, blocks }))
  const double = Buffer.alloc(8)
  double.writeDoubleLE(0.5)
  const row = [optional(double), string('second'), long(2 ** 40), optional(string('y'))]
  await writeFile(
    join(folder, 'b.avro'),
    container({ schema: two, blocks: [[Buffer.concat(row)]], codec: 'deflate' }),
  )
  const evolved = await ingest(folder, 'evolved', {
    target: { table: 'evolved', schema: 'evolve' },
  })
  expect(evolved).toMatchObject({ error: null, rowsLoaded: 2 })
  expect(await typesOf('evolved')).toEqual({
    id: 'bigint',
    old: 'text',
    amount: 'numeric',
    left: 'text',
    more: 'text',
  })
  expect(
    await rowsOf('select id::text, old, amount::text, "left", more from evolved order by id'),
  ).toEqual([
    { id: '1', old: 'first', amount: '9007199254740993', left: 'x', more: null },
    { id: `${2 ** 40}`, old: 'second', amount: '0.5', left: null, more: 'y' },
  ])
  const frozen = await ingest(folder, 'frozen', { target: { table: 'frozen', schema: 'freeze' } })
  expect(frozen).toMatchObject({ state: 'failed', error: { code: 'column_unknown' } })
  // Where the newer schema comes first its alias is the name that the older one has.
  const turned = join(harness.folder, 'turned')
  await mkdir(turned)
  await copyFile(join(folder, 'b.avro'), join(turned, 'a.avro'))
  await copyFile(join(folder, 'a.avro'), join(turned, 'b.avro'))
  const view = await ingest(turned, 'turned', { target: { table: 'turned', schema: 'evolve' } })
  expect(view).toMatchObject({ error: null, rowsLoaded: 2 })
  expect(await rowsOf('select name, "left", more from turned order by id')).toEqual([
    { name: 'first', left: 'x', more: null },
    { name: 'second', left: null, more: 'y' },
  ])
})

test('arrays fill columns of arrays; what the target refuses, and a NUL, are rejects with their row', async () => {
  await harness.db.query(`create table arrays (id int, numbers int[], words text[], parts jsonb[],
    more int default 7)`)
  const schema = recordOf({
    id: 'int',
    numbers: { type: 'array', items: ['null', 'int'] },
    words: { type: 'array', items: 'string' },
    parts: { type: 'array', items: { type: 'map', values: 'int' } },
  })
  const list = (...items: Buffer[]) =>
    Buffer.concat([...(items.length > 0 ? [long(items.length), ...items] : []), long(0)])
  // A map of one pair is a list of one element: its key and its value.
  const map = Buffer.concat([long(1), string('k'), long(5), long(0)])
  const rows = [1, 2].map((id) =>
    Buffer.concat([
      long(id),
      list(optional(long(1)), optional(null)),
      list(string(id === 1 ? 'a\\b' : 'nul\0here'), string('b,{"')),
      list(map),
    ]),
  )
  const path = await harness.file('arrays.avro', container({ schema, blocks: [rows] }))
  const view = await ingest(path, 'arrays')
  expect(view).toMatchObject({ error: null, rowsLoaded: 1, rowsRejected: 1 })
  expect(await rowsOf('select id, numbers, words, parts::text, more from arrays')).toEqual([
    { id: 1, numbers: [1, null], words: ['a\\b', 'b,{"'], parts: '{"{\\"k\\": 5}"}', more: 7 },
  ])
  const [reject] = await harness.rejects(view.ingestId)
  expect(reject).toMatchObject({ line: 2, code: 'nul_byte' })
})
