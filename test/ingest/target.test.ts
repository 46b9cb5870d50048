/** Targets: new and existing tables, modes, and clear errors before anything is loaded. */
import { describe, expect, test } from 'vitest'
import { openDb } from '../../src/postgres/db.ts'
import { readTarget } from '../../src/postgres/target/target.ts'
import type { IngestSpec } from '../../src/spec/spec.ts'
import { build } from '../harness.ts'
import { recordHistory } from '../replay/record.ts'

const harness = await build()
await harness.startWorker()

async function ingest(content: string, spec: Omit<IngestSpec, 'source'>) {
  const path = await harness.file('data.csv', content)
  return harness.ingest({ source: { kind: 'directory', path }, ...spec })
}
const all = async (table: string) => (await harness.db.query(`select * from ${table}`)).rows

describe('append', () => {
  test('matches columns by name whatever the case and order, defaults fill the rest', async () => {
    await harness.db.query(`create table mixed (
      "Id" int generated always as identity, "First Name" text not null, amount numeric,
      made timestamptz default now(), twice numeric generated always as (amount * 2) stored)`)
    const view = await ingest('AMOUNT,first_name\n1.5,Ann\n2,Bob\n', { target: { table: 'mixed' } })
    expect(view.state).toBe('completed')
    const rows = await all('mixed')
    expect(rows).toMatchObject([
      { Id: 1, 'First Name': 'Ann', amount: '1.5', twice: '3.0' },
      { Id: 2, 'First Name': 'Bob', amount: '2', twice: '4' },
    ])
    expect(rows[0].made).toBeInstanceOf(Date)
  })

  test('a value that its domain refuses with an internal error is a reject', async () => {
    await harness.db.query(`create function sound(text) returns boolean language plpgsql as $$ begin
        if $1 = 'x' then raise exception 'no geometry' using errcode = 'XX000'; end if;
        return true;
      end $$;
      create domain geometry as text check (sound(value)); create table places (a int, g geometry)`)
    const view = await ingest('a,g\n1,p\n2,x\n3,p\n', { target: { table: 'places' } })
    expect(view).toMatchObject({ state: 'completed', rowsLoaded: 2, rowsRejected: 1 })
    expect(await harness.rejects(view.ingestId)).toMatchObject([
      { line: 3, code: 'XX000', raw: '2,x' },
    ])
  })

  test('adds to what is there, and by position without a header', async () => {
    await harness.db.query('create table added (a int, b text)')
    await ingest('a,b\n1,x\n', { target: { table: 'added' } })
    await ingest('2,y\n3,z\n', { target: { table: 'added' }, format: { header: false } })
    expect(await all('added')).toEqual([
      { a: 1, b: 'x' },
      { a: 2, b: 'y' },
      { a: 3, b: 'z' },
    ])
  })

  test('a key that is there already fails the whole if asked to, and nothing is published', async () => {
    await harness.db.query('create table uniq (a int primary key)')
    await harness.db.query('insert into uniq values (2)')
    const view = await ingest('a\n1\n2\n', { target: { table: 'uniq', unique: 'fail' } })
    expect(view).toMatchObject({ state: 'failed', error: { code: 'target_refused' } })
    expect(view.error?.message).toMatch(/uniq_pkey.*\(a\)=\(2\)/)
    expect(await all('uniq')).toEqual([{ a: 2 }])
    await recordHistory(harness.client, view.ingestId, 'failed')
  })

  test('not atomic: rows go straight into the table, and bad ones are set aside one by one', async () => {
    await harness.db.query('create table early (a int primary key, b text)')
    await harness.db.query(`insert into early values (2, 'there')`)
    const view = await ingest('a,b\n1,x\n2,y\nq,z\n3,w\n', {
      target: { table: 'early', atomic: false },
    })
    expect(view).toMatchObject({ state: 'completed', rowsLoaded: 2, rowsRejected: 2 })
    expect((await all('early')).map(({ a }) => a).sort()).toEqual([1, 2, 3])
    expect((await harness.rejects(view.ingestId)).map(({ line, code }) => [line, code])).toEqual([
      [3, '23505'],
      [4, '22P02'],
    ])
  })
})

describe('replace', () => {
  test('a bare table is swapped', async () => {
    await harness.db.query('create table bare (a int, b text, c int default 7)')
    await harness.db.query(`insert into bare values (9, 'old', 1)`)
    const view = await ingest('b,a\nnew,1\n', { target: { table: 'bare', mode: 'replace' } })
    expect(view.state).toBe('completed')
    expect(await all('bare')).toEqual([{ a: 1, b: 'new', c: 7 }])
    await harness.db.query('insert into bare (a) values (2)')
    expect((await all('bare'))[1]).toEqual({ a: 2, b: null, c: 7 })
  })

  test('what hangs on a table survives: key, view, grants', async () => {
    await harness.db.query(`create table hung (a int primary key, b text);
      create view seen as select b from hung; grant select on hung to public;
      insert into hung values (9, 'old')`)
    const view = await ingest('a,b\n1,new\n', { target: { table: 'hung', mode: 'replace' } })
    expect(view.state).toBe('completed')
    expect(await all('seen')).toEqual([{ b: 'new' }])
    const { rows } = await harness.db.query(
      `select has_table_privilege('public', 'hung', 'select') as granted`,
    )
    expect(rows[0].granted).toBe(true)
    await expect(harness.db.query('insert into hung values (1)')).rejects.toThrow(/hung_pkey/)
  })

  test('fails without a trace when the rows do not fit', async () => {
    await harness.db.query(
      `create table stays (a int check (a > 0), b text); insert into stays values (9, 'old')`,
    )
    const view = await ingest('a,b\n-1,x\n', { target: { table: 'stays', mode: 'replace' } })
    expect(view).toMatchObject({ state: 'failed', error: { code: 'every_row_rejected' } })
    expect(await all('stays')).toEqual([{ a: 9, b: 'old' }])
  })
})

describe('clear errors', () => {
  test.each<[string, string, Omit<IngestSpec, 'source'>, string, RegExp]>([
    [
      'create table e1 (a int)',
      'a,b\n1,2\n',
      { target: { table: 'e1' } },
      'column_unknown',
      /columns .*e1 does not have: b\./,
    ],
    [
      'create table e2 (a int, b int not null)',
      'a\n1\n',
      { target: { table: 'e2' } },
      'column_missing',
      /needs.*: b\./,
    ],
    [
      'create view e3 as select 1 as a',
      'a\n1\n',
      { target: { table: 'e3' } },
      'target_not_a_table',
      /is a view/,
    ],
    [
      'select 1',
      'a\n1\n',
      { target: { table: 'nowhere.e4' } },
      'schema_missing',
      /no schema nowhere/,
    ],
    [
      'create table e5 (a int, b int)',
      '1\n2\n',
      { target: { table: 'e5' }, format: { header: false } },
      'columns_unmatched',
      /has 1 field and no header; e5 has 2/,
    ],
    [
      'select 1',
      '',
      { target: { table: 'e6' } },
      'source_without_records',
      /no columns for public.e6/,
    ],
  ])('%s', async (...[setup, content, spec, code, message]) => {
    await harness.db.query(setup)
    const view = await ingest(content, spec)
    expect(view).toMatchObject({ state: 'failed', error: { code } })
    expect(view.error?.message).toMatch(message)
    const { rows } = await harness.db.query(
      `select count(*) as n from pg_class where relname like 'sluice_landing%'`,
    )
    expect(rows[0].n).toBe(0)
  })

  test('a table that the user may not write', async () => {
    await harness.db.query(`do $$ begin
        if not exists (select from pg_roles where rolname = 'reader') then
          create role reader login password 'reader';
        end if;
      end $$;
      create table locked (a int);
      grant usage on schema sluice to reader;
      grant select, insert, update, delete on all tables in schema sluice to reader;
      grant usage, create on schema public to reader`)
    const url = new URL(harness.databaseUrl)
    url.username = 'reader'
    url.password = 'reader'
    const reader = openDb(url.href, { max: 1, name: 'reader' })
    const table = { schema: 'public', name: 'locked' }
    await expect(readTarget(reader, table, { mode: 'append' })).rejects.toThrow(
      /reader may not insert/,
    )
    await harness.db.query('grant insert on locked to reader')
    await expect(readTarget(reader, table, { mode: 'replace' })).rejects.toThrow(/does not own it/)
    await reader.end()
  })
})

describe('a new table', () => {
  test('types: "text" keeps every column as text', async () => {
    const view = await ingest('a,b\n007,true\n', { target: { table: 'texts', types: 'text' } })
    expect(view.columns?.map(({ type }) => type)).toEqual(['text', 'text'])
    expect(await all('texts')).toEqual([{ a: '007', b: 'true' }])
  })

  test('header names become column names, each different', async () => {
    const view = await ingest('Order ID,order-id,,Größe (cm),select\n1,2,3,4,5\n', {
      target: { table: '"Odd; Name"' },
      format: { header: true },
    })
    expect(view.columns?.map(({ name }) => name)).toEqual([
      'order_id',
      'order_id_2',
      'column_3',
      'größe_cm',
      'select',
    ])
    expect(await all('public."Odd; Name"')).toHaveLength(1)
  })

  test('quoted empty fields are NULL for numbers and empty for text', async () => {
    await ingest('a,b\n"1","x"\n"",""\n,\n', { target: { table: 'empties' } })
    expect(await all('empties')).toEqual([
      { a: 1, b: 'x' },
      { a: null, b: '' },
      { a: null, b: null },
    ])
  })
})
