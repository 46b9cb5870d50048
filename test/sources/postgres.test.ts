/** Rows of another PostgreSQL: exact, all of one snapshot however many sessions read, and read only. */
import { expect, test } from 'vitest'
import { build } from '../harness.ts'
import { createPostgresSource } from './postgresSource.ts'

const harness = await build()
const source = createPostgresSource(harness)
const { lines, head } = source
const sql = (text: string) => harness.db.query(text)

test('a table is lines of COPY text behind its columns, with the types that it has there', async () => {
  await sql(`create type mood as enum ('good', 'so, so')`)
  await sql('create domain price as numeric(12,2) check (value >= 0)')
  await sql(`create table every (
    id bigint primary key, small smallint, amount numeric(30,10), ratio double precision,
    day date, moment timestamptz, code varchar(20), bits bit varying(5), raw bytea, doc jsonb,
    tags text[], grid integer[][], feeling mood, feelings mood[], cost price, span tstzrange,
    twice bigint generated always as (id * 2) stored, "Odd ""name""" text, address inet)`)
  await sql(`insert into every values (1, 2, 12345678901234567890.0123456789, 0.1, '-infinity',
    '2026-01-31 12:00:00.000001+02', 'a\tb\\', b'101', '\\x00ff', '{"a": 1.10}',
    array['x,y', null, '"'], array[[1,2],[3,4]], 'so, so', array['good'::mood], 1.5,
    '[2026-01-01,)', default, E'two\nlines', '10.0.0.1/8')`)
  await sql('insert into every (id) values (2)')
  const [first, ...rows] = await lines({ table: 'every' })
  expect(head(first).columns).toEqual(
    [
      ...[
        ['id', 'bigint'],
        ['small', 'smallint'],
        ['amount', 'numeric(30,10)'],
      ],
      ...[
        ['ratio', 'double precision'],
        ['day', 'date'],
        ['moment', 'timestamp with time zone'],
      ],
      ...[
        ['code', 'character varying(20)'],
        ['bits', 'bit varying(5)'],
        ['raw', 'bytea'],
      ],
      ...[
        ['doc', 'jsonb'],
        ['tags', 'text[]'],
        ['grid', 'integer[]'],
      ],
      ...[
        ['feeling', '"public"."mood"'],
        ['feelings', '"public"."mood"[]'],
      ],
      ...[
        ['cost', '"public"."price"'],
        ['span', 'tstzrange'],
        ['twice', 'bigint'],
      ],
      ...[
        ['Odd "name"', 'text'],
        ['address', 'inet'],
      ],
    ].map(([name, type]) => ({ name, type })),
  )
  expect(rows).toEqual([
    [
      ...['1', '2', '12345678901234567890.0123456789', '0.1', '-infinity'],
      ...['2026-01-31 10:00:00.000001+00', 'a\\tb\\\\', '101', '\\\\x00ff', '{"a": 1.10}'],
      ...['{"x,y",NULL,"\\\\""}', '{{1,2},{3,4}}', 'so, so', '{good}', '1.50'],
      ...['["2026-01-01 00:00:00+00",)', '2', 'two\\nlines', '10.0.0.1/8'],
    ].join('\t'),
    ['2', ...Array.from({ length: 15 }, () => '\\N'), '4', '\\N', '\\N'].join('\t'),
  ])
})

test('a type that the target does not know is what it is made of, and that is told', async () => {
  const [first] = await lines({ table: 'every' }, { knows: [] })
  const { columns, notes } = head(first)
  const typeOf = (wanted: string) => columns.find(({ name }) => name === wanted)?.type
  expect(['feeling', 'feelings', 'cost'].map(typeOf)).toEqual(['text', 'text[]', 'numeric(12,2)'])
  expect(notes.map(({ code, message }) => [code, message])).toEqual([
    ['type_not_here', expect.stringContaining('Column feeling of postgres://db/public.every')],
    ['type_not_here', expect.stringContaining('"public"."mood"[]')],
    ['type_not_here', expect.stringContaining('numeric(12,2) in a new table')],
  ])
})

test('several sessions read a large table and its partitions, each row once, of one moment', async () => {
  await sql('create table big (id bigint, pad text) partition by range (id)')
  await sql('create table big_1 partition of big for values from (0) to (60000)')
  await sql('create table big_2 (pad text, id bigint)')
  await sql('alter table big attach partition big_2 for values from (60000) to (200000)')
  await sql(`insert into big select i, repeat('x', 900) from generate_series(0, 119999) i`)
  const before = source.sessions()
  let most = 0
  const [, ...rows] = await lines(
    { table: 'big' },
    {
      onChunk: async (chunk) => {
        most = Math.max(most, await before())
        // Whoever looks later sees none of this.
        if (chunk === 1) await sql(`update big set pad = 'changed'`)
      },
    },
  )
  expect(most).toBe(4)
  const ids = rows.map((row) => Number(row.split('\t')[0])).sort((a, b) => a - b)
  expect(ids).toEqual(Array.from({ length: 120_000 }, (_, id) => id))
  expect(rows.filter((row) => !row.endsWith('xxx'))).toEqual([])
})

test('an empty table has its columns', async () => {
  await sql('create table nothing (id bigint)')
  const [first, ...rows] = await lines({ table: 'nothing' })
  expect(head(first).columns).toEqual([{ name: 'id', type: 'bigint' }])
  expect(rows).toEqual([])
})

test('a query is read with the types of its columns', async () => {
  const query = `select id, 'x' as what, now() > '2020-01-01' as late from every order by id; `
  const [first, ...rows] = await lines({ query })
  expect(head(first).columns.map(({ type }) => type)).toEqual(['bigint', 'text', 'boolean'])
  expect(rows).toEqual(['1\tx\tt', '2\tx\tt'])
})

test.each([
  ['two statements', 'select 1; select 2', '42601'],
  ['a statement behind the copy', 'select 1) to stdout; drop table every; copy (select 2', '42601'],
  ['one that ends the transaction', 'select 1) as a; commit; drop table every; --', '42601'],
  ['one that writes', 'with gone as (delete from every returning id) select * from gone', '0A000'],
  ['one that writes by a function', `select nextval('counter')`, '25006'],
  ['a parameter', 'select $2::int', '42P18|42P02|08P01'],
  ['no query', 'drop table every', '42601'],
])('%s: refused, and nothing has changed', async (_, query, code) => {
  await sql('create sequence if not exists counter')
  await expect(lines({ query })).rejects.toMatchObject({
    code: 'source_database_refused',
    message: expect.stringMatching(new RegExp(`SQLSTATE (${code})`)),
  })
  expect((await sql('select count(*)::int as count from every')).rows).toEqual([{ count: 2 }])
})

test('a table that is not there, and a database that does not answer', async () => {
  await expect(lines({ table: 'absent' })).rejects.toMatchObject({
    code: 'source_database_refused',
    message: expect.stringContaining('relation "public.absent" does not exist'),
  })
  const url = 'postgres://user:secret@127.0.0.1:1/x'
  await expect(lines({ table: 'every' }, { url })).rejects.toMatchObject({
    code: 'source_database_unavailable',
    message: expect.not.stringContaining('secret'),
  })
})

test('rows that a policy hides stay hidden, however large the table is', async () => {
  await sql('create table owned (id bigint, who text, pad text) partition by range (id)')
  await sql('create table owned_1 partition of owned for values from (0) to (1000000)')
  await sql(`insert into owned select i, case when i % 2 = 0 then 'reader' else 'other' end,
             repeat('x', 900) from generate_series(1, 80000) i`)
  await sql('alter table owned enable row level security')
  await sql('create policy own on owned using (who = current_user)')
  const name = `reader_${harness.queue}`
  await sql(`update owned set who = '${name}' where who = 'reader'`)
  await sql(`create role ${name} login password 'r'`)
  try {
    await sql(`grant select on owned, owned_1 to ${name}`)
    const [, ...rows] = await lines({ table: 'owned' }, { user: name })
    expect(rows.length).toBe(40_000)
  } finally {
    await sql(`drop owned by ${name}`)
    await sql(`drop role ${name}`)
  }
})

test('a session that is lost in the middle is an error, never an end', async () => {
  let isEnded = false
  const reading = lines(
    { table: 'big' },
    {
      onChunk: async () => {
        if (isEnded) return
        isEnded = true
        await sql(`select pg_terminate_backend(pid) from pg_stat_activity
                   where application_name = 'sluice source' and datname = current_database()
                   limit 1`)
      },
    },
  )
  await expect(reading).rejects.toMatchObject({ code: 'source_database_unavailable' })
})

test('an abort ends it at once, and no session stays', async () => {
  const abort = new AbortController()
  const reading = lines(
    { query: 'select pg_sleep(60)' },
    { signal: abort.signal, onChunk: async () => abort.abort(new Error('enough')) },
  )
  await expect(reading).rejects.toThrow('enough')
  await expect.poll(source.sessions(), { timeout: 10_000 }).toBe(0)
})
