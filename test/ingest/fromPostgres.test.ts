/** Tables of another PostgreSQL: exactly as they are there, once, also when the worker is killed. */
import { afterAll, expect, test } from 'vitest'
import { openDb } from '../../src/postgres/db.ts'
import { buildApi } from '../api/server.ts'
import { commandsBeside } from '../cli/inProcess.ts'
import { eachVerb, noticedSoon, until } from '../harness.ts'

const harness = await buildApi()
/** The source is another database of the same server; its name is no secret, its password would be. */
const url = new URL(harness.databaseUrl)
const there = `${url.pathname.slice(1)}_there`
url.pathname = `/${there}`
await harness.db.query(`create database ${there}`)
const other = openDb(url.href, { max: 2, name: 'test' })
afterAll(async () => {
  await harness.killWorkers()
  await other.end()
  await harness.db.query(`drop database ${there} with (force)`)
})
const env = { SLUICE_CONNECTION_WAREHOUSE: JSON.stringify({ kind: 'postgres', url: url.href }) }
const from = (table: string) => ({ kind: 'postgres' as const, connection: 'warehouse', table })

const digest = `select count(*)::int as count, md5(string_agg(t::text, '|' order by id)) as hash from`

test('every type comes as it is there, into a new table', async () => {
  await harness.startWorker({ env })
  await other.query(`create type mood as enum ('good', 'bad')`)
  await other.query('create domain price as numeric(12,2)')
  await other.query(`create table every (
    id bigint primary key, small smallint, amount numeric(30,10), ratio double precision, r real,
    day date, moment timestamptz, plain timestamp, at time, code varchar(20), bits bit varying(5),
    raw bytea, doc jsonb, j json, tags text[], grid integer[][], feeling mood, cost price,
    span tstzrange, twice bigint generated always as (id * 2) stored, address inet, u uuid,
    gap interval, note text, flag boolean, cash money)`)
  const given =
    'id, small, amount, ratio, r, day, moment, plain, at, code, bits, raw, doc, j, tags, grid, feeling, cost, span, address, u, gap, note, flag, cash'
  await other.query(`insert into every (${given})
    select i, i % 100, i * 1.0000000001, i / 3.0, i / 7.0, date '2000-01-01' + i::int,
           timestamptz '2026-01-01 00:00:00.000001+02' + i * interval '1 hour', now()::timestamp,
           time '00:00' + i * interval '1 second', 'c' || i, b'101', decode('00ff0a09', 'hex'),
           jsonb_build_object('n', i, 't', E'a\\tb'), '{"a":1,  "a":2}', array['x,y', null, '"', E'\\n'],
           array[[1,2],[3,4]], case when i % 2 = 0 then 'good'::mood end, i * 1.5,
           tstzrange(now(), null), '10.0.0.1/8', gen_random_uuid(),
           i * interval '1 month 1.5 seconds', E'line\\nbreak\\ttab\\\\back\\r' || i, i % 3 = 0, i::int::money
    from generate_series(1, 3000) i`)
  await other.query(`insert into every (id, ratio, r, day, moment, amount)
    values (-1, 'NaN', '-Infinity', 'infinity', '-infinity', null), (-2, 1e-320, 1e38, '4713-01-01 BC', '294276-12-31', 'NaN')`)
  // One type is known here as well, and another one is not.
  await harness.db.query(`create type mood as enum ('good', 'bad')`)
  const view = await harness.ingest({ source: from('every'), target: { table: 'copied' } })
  expect(view).toMatchObject({ state: 'completed', rowsLoaded: 3002, rowsRejected: 0, error: null })
  expect(view.notes.map(({ code, column }) => [code, column])).toEqual([['type_not_here', 'cost']])
  const [was, is] = [
    await other.query(`${digest} every t`),
    await harness.db.query(`${digest} copied t`),
  ]
  expect(is.rows).toEqual(was.rows)
  const types = `select attname, format_type(atttypid, atttypmod) as type from pg_attribute
                 where attrelid = $1::regclass and attnum > 0 order by attnum`
  const [before, after] = [
    await other.query(types, ['every']),
    await harness.db.query(types, ['copied']),
  ]
  const wanted = before.rows.map((row) =>
    row.attname === 'cost' ? { ...row, type: 'numeric(12,2)' } : row,
  )
  expect(after.rows).toEqual(wanted)
})

test('a query into a table that is there: what it refuses is a reject, which can be corrected', async () => {
  await harness.db.query('create table few (id int primary key, name varchar(3))')
  const source = {
    kind: 'postgres' as const,
    connection: 'warehouse',
    query: `select * from (values (1, 'abc'), (2, 'abcd'), (3, null), (1, 'x')) v (id, name)`,
  }
  const ingestId = await harness.start({ source, target: { table: 'few' } })
  const view = await harness.ended(ingestId)
  expect(view).toMatchObject({ state: 'completed', rowsRead: 4, rowsLoaded: 2, rowsRejected: 2 })
  const rejects = await harness.rejects(ingestId)
  expect(rejects.map(({ line, code, raw }) => [line, code, raw])).toEqual([
    [2, '22P02', '{"id": "2", "name": "abcd"}'],
    [4, '23505', '{"id": "1", "name": "x"}'],
  ])
  expect(rejects[0]?.file).toBe('postgres://warehouse/query')
})

test('what cannot be read says what, and where', async () => {
  const failing = async (source: object) => {
    const view = await harness.ingest({ source: source as never, target: { table: 'never' } })
    return [view.state, view.error?.code, view.error?.message]
  }
  expect(await failing(from('absent'))).toEqual([
    'failed',
    'source_database_refused',
    expect.stringContaining('relation "public.absent" does not exist'),
  ])
  expect(await failing({ ...from('every'), connection: 'nobody' })).toEqual([
    'failed',
    'connection_unknown',
    expect.stringContaining('nobody'),
  ])
  for (const [spec, problem] of [
    [{ format: { kind: 'csv' } }, 'format.kind (`--format`) is for files'],
    [{ format: { delimiter: ';' } }, 'format.delimiter (`--delimiter`) is for files'],
    [{ steps: ['clean'] }, 'steps are for files'],
    [{ source: { ...from('every'), query: 'select 1' } }, 'either a table or a query'],
  ] as const) {
    const all = { source: from('every'), target: { table: 'never' }, ...spec }
    const { status, body } = await harness.ask('POST', '/v1/ingests', all)
    expect([status, body.code, body.detail]).toEqual([
      400,
      'spec_invalid',
      expect.stringContaining(problem),
    ])
  }
})

test('the command line: an address, a query, a dry run, and what is no address', async () => {
  const run = commandsBeside(harness)
  const more = ['--queue', harness.queue, '--json']
  const table = await run(
    'ingest',
    'postgres://warehouse/public.every',
    '--into',
    'by_table',
    ...more,
  )
  expect(JSON.parse(table.out)).toMatchObject({ state: 'completed', rowsLoaded: 3002 })
  const query = ['postgres://warehouse', '--query', 'select id from every where id > 0']
  const some = await run('ingest', ...query, '--into', 'by_query', ...more)
  expect(JSON.parse(some.out)).toMatchObject({ state: 'completed', rowsLoaded: 3000 })
  for (const [args, problem] of [
    [['postgres://me:secret@db/public.every'], 'postgres://CONNECTION/SCHEMA.TABLE'],
    [['postgres://warehouse'], 'either a table in the address, or --query'],
    [['postgres://warehouse/every', '--query', 'select 1'], 'either a table in the address'],
    [['postgres://warehouse/every', '--connection', 'other'], 'names the connection warehouse'],
    [['https://x.example/a.csv', '--query', 'select 1'], '--query goes with a database'],
    [['postgres://warehouse/a', 'postgres://warehouse/b'], 'reads one table'],
    [['postgres://warehouse/a', '--order', 'oldest'], '--order is for folders and prefixes'],
  ] as const) {
    const { code, error } = await run('ingest', ...args, '--into', 'never')
    expect([args, code, error]).toEqual([args, 2, expect.stringContaining(problem)])
    expect(error).not.toContain('secret')
  }
})

const rows = 300_000

const moments = {
  'while it reads': async () => {
    const { rows: found } = await other.query(
      `select from pg_stat_activity where application_name = 'sluice source' and datname = $1
         and query like 'copy%'`,
      [there],
    )
    return found.length > 1
  },
  'while it loads': async (ingestId: string) => {
    const { rows: found } = await harness.db.query(
      `select from sluice.units where ingest_id = $1 and loaded_at is not null
         and exists (select from sluice.units where ingest_id = $1 and loaded_at is null)`,
      [ingestId],
    )
    return found.length > 0
  },
}

test.each(Object.entries(moments))(
  'a worker that is killed %s: each row once',
  async (when, isThere) => {
    await harness.killWorkers()
    await other.query('drop table if exists large')
    await other.query(`create table large as select i as id, repeat('x', 300) || i as name
                     from generate_series(1, ${rows}) i`)
    const table = when.replaceAll(' ', '_')
    await harness.db.query(`create table ${table} (id int check (id % 100000 <> 7), name text)`)
    const worker = await harness.startWorker({ env })
    const ingestId = await harness.start(
      { source: from('large'), target: { table } },
      { ...eachVerb, ...noticedSoon },
    )
    await until(() => isThere(ingestId), { what: when })
    worker.kill('SIGKILL')
    await worker.exited
    await harness.startWorker({ env })
    const view = await harness.ended(ingestId, 120_000)
    expect(view).toMatchObject({
      state: 'completed',
      rowsRead: rows,
      rowsLoaded: rows - 3,
      rowsRejected: 3,
    })
    const { rows: found } = await harness.db.query(
      `select count(*)::int as count, count(distinct id)::int as ids,
            (select sum(rows_loaded)::int from sluice.units where ingest_id = $1) as receipts,
            (select count(*)::int from sluice.rejects where ingest_id = $1) as rejects
     from ${table}`,
      [ingestId],
    )
    expect(found).toEqual([{ count: rows - 3, ids: rows - 3, receipts: rows - 3, rejects: 3 }])
    await harness.cleared(ingestId)
  },
)
