/** A merge, an insert or a sync is taken back: what the model has no room for. */
import { expect, test } from 'vitest'
import type { SluiceError } from '../../src/errors.ts'
import { planUndo } from '../../src/ingests/undo.ts'
import { where } from '../../src/ingests/where.ts'
import { build } from '../harness.ts'
import { bring, retry, undo } from './byVerbs.ts'

const harness = await build()
const { db } = harness

const rowsOf = async (table: string): Promise<string[]> => {
  const { rows } = await db.query(`select t::text as row from ${table} t order by t::text`)
  return rows.map(({ row }) => row)
}

async function problemOf(work: Promise<unknown>): Promise<string | null> {
  const error = await work.then(
    () => null,
    (found: SluiceError) => found,
  )
  return error && `${error.code}: ${error.message}`
}

const merge = { mode: 'merge' as const, key: ['id'] }
const buckets = (rowsRemoved: number, rowsRestored: number, rowsKept: number) => ({
  ...{ rowsRemoved, rowsRestored, rowsKept, tableDropped: false },
})

test('partitions, a key of two odd names, identity and generated columns come back as they were', async () => {
  await db.query(`create table odd ("re ""gion" text, "Id" int, n int not null,
      twice int generated always as (n * 2) stored, no int generated always as identity,
      primary key ("re ""gion", "Id")) partition by list ("re ""gion");
    create table odd_eu partition of odd for values in ('EU');
    create table odd_us partition of odd for values in ('US');
    insert into odd ("re ""gion", "Id", n) values ('EU', 1, 1), ('EU', 2, 2), ('US', 1, 3), ('US', 2, 4)`)
  const before = await rowsOf('odd')
  const csv = `"re ""gion",Id,n,op\nEU,1,10,U\nEU,2,,D\nUS,1,3,U\nUS,2,,D\nUS,3,30,U\n`
  const id = await bring(harness, csv, {
    ...{ table: 'odd', mode: 'merge', key: ['re "gion', 'Id'], deleteWhen: 'op=D' },
  })
  expect(await rowsOf('odd')).toHaveLength(3)
  await db.query('vacuum full odd')
  await db.query(`insert into odd values ('US', 2, 7)`)
  const kept = [{ key: { 're "gion': 'US', Id: 2 }, why: 'taken' }]
  expect(await planUndo({ db } as never, id)).toMatchObject({ rowsRestored: 2, kept })
  expect(await undo(harness, id)).toEqual(buckets(1, 2, 1))
  const after = before.map((row) => (row === '(US,2,4,8,4)' ? '(US,2,7,14,6)' : row))
  expect(await rowsOf('odd')).toEqual(after)
  const tables = `select from pg_class where relname ~ '^undo_(keys|before)_'`
  expect((await db.query(tables)).rowCount).toBe(0)
})

test('a table that the ingest made goes along; two ask at once; the row says where it is from', async () => {
  const into = { table: 'public.made', mode: 'insert' as const, key: ['id'] }
  const first = await bring(harness, 'id,n\n1,1\n2,2\n', into)
  const second = await bring(harness, 'id,n\n1,5\n', { ...merge, table: 'public.made' })
  const { rows } = await where({ db }, { table: 'public.made', row: 'true' })
  expect(new Map(rows.map(({ key, ingest }) => [key?.id, ingest]))).toEqual(
    new Map([
      [1, second],
      [2, first],
    ]),
  )
  const both = await Promise.all([undo(harness, second), undo(harness, second, 2)])
  expect(both).toEqual([buckets(0, 1, 0), buckets(0, 1, 0)])
  expect(await rowsOf('made')).toEqual(['(1,1)', '(2,2)'])
  expect(await undo(harness, first)).toEqual({ ...buckets(2, 0, 0), tableDropped: true })
  const { rows: ledger } = await db.query(
    `select rows_loaded as added, rows_before as before, (select count(*) from sluice.undone
     where ingest_id = u.ingest_id) as times from sluice.undone u where ingest_id in ($1, $2) order by undone_at`,
    [first, second],
  )
  expect(ledger).toEqual([
    { added: 0, before: 1, times: 1 },
    { added: 2, before: 0, times: 1 },
  ])
})

test('a value of another unique index is free for the row that had it', async () => {
  await db.query(`create table taken (id int primary key, u text unique);
    insert into taken values (1, 'a'), (2, 'b'), (3, 'c')`)
  const into = { table: 'taken', mode: 'sync' as const, key: ['id'], maxDeletes: '100%' }
  const id = await bring(harness, 'id,u\n1,b\n4,c\n', into)
  expect(await rowsOf('taken')).toEqual(['(1,b)', '(4,c)'])
  expect(await undo(harness, id)).toEqual(buckets(1, 3, 0))
  expect(await rowsOf('taken')).toEqual(['(1,a)', '(2,b)', '(3,c)'])
})

test('rows that a retry wrote, and what others did to them before it', async () => {
  await db.query(`create table again (id int primary key, n int, name varchar(9));
    insert into again select n, n, 'old' from generate_series(1, 6) n`)
  const into = { ...merge, table: 'again', deleteWhen: 'gone' }
  const bad = Array.from({ length: 7 }, (_, at) => `${at + 1},x,,`)
  const csv = `id,n,name,gone\n1,10,,\n2,20,,\n7,70,,\n8,80,,\n5,,,true\n${bad.join('\n')}\n`
  const id = await bring(harness, csv, into)
  await db.query(`update again set n = 11 where id = 1; delete from again where id in (2, 7);
    alter table again alter name type varchar(20), add more text default 'new';
    update again set more = 'own' where id = 3`)
  const corrections = ['1,12,,', '2,22,,', '7,77,,', '8,88,,', '3,,,true', '4,40,,', '5,50,,']
  const lines = corrections.map((raw, at) => `${harness.folder}/${id}.csv,${at + 7},"${raw}"`)
  await retry(harness, id, `file,line,raw\n${lines.join('\n')}\n`)
  expect(await rowsOf('again')).toEqual([
    ...['(1,12,,new)', '(2,22,,new)', '(4,40,,new)', '(5,50,,new)', '(6,6,old,new)'],
    ...['(7,77,,new)', '(8,88,,new)'],
  ])
  expect(await planUndo({ db } as never, id)).toMatchObject({ rowsRemoved: 3, rowsKept: 0 })
  expect(await undo(harness, id)).toEqual(buckets(3, 4, 0))
  // The row 1 goes back to what somebody had made of it, and 2 was deleted by somebody.
  expect(await rowsOf('again')).toEqual([
    ...['(1,11,,new)', '(3,3,old,own)', '(4,4,old,new)', '(5,5,old,new)', '(6,6,old,new)'],
  ])
})

test('columns that came or went since', async () => {
  await db.query(`create table shaped (id int primary key, n int, m int);
    insert into shaped values (1, 1, 1), (2, 2, 2)`)
  const into = { ...merge, table: 'shaped', deleteWhen: 'gone' }
  const id = await bring(harness, 'id,n,gone\n1,10,\n2,,true\n', into)
  await db.query('alter table shaped add more int default 7, drop m')
  expect(await problemOf(undo(harness, id))).toContain('no columns any more that its rows had: m')
  await db.query('alter table shaped add m int default 5')
  expect(await undo(harness, id)).toEqual(buckets(0, 2, 0))
  expect(await rowsOf('shaped')).toEqual(['(1,1,7,1)', '(2,2,7,2)'])
  // Where no row is to come back, it does not matter.
  const next = await bring(harness, 'id,n\n9,9\n', { ...merge, table: 'shaped' })
  await db.query('alter table shaped drop m')
  expect(await undo(harness, next)).toEqual(buckets(1, 0, 0))
})

test('rows of other tables do not go or change along', async () => {
  await db.query(`create table parents (id int primary key, code text unique);
    insert into parents values (1, 'a'), (2, 'b');
    create table cascading (parent int references parents on delete cascade)`)
  const into = { ...merge, table: 'parents' }
  const deleting = bring(harness, 'id,gone\n1,true\n', { ...into, deleteWhen: 'gone' })
  expect(await problemOf(deleting)).toBe(
    'target_cascades: The table public.parents cannot be filled with `--undo`: rows of other tables go or ' +
      'change along with its own by cascading_parent_fkey of cascading, and would not come back.',
  )
  const id = await bring(harness, 'id,code\n1,x\n3,c\n', into)
  await db.query('insert into cascading values (1), (3)')
  expect(await problemOf(undo(harness, id))).toContain('rows of cascading refer to its rows by')
  await db.query(`delete from cascading where parent = 3;
    create table named (code text references parents (code) on update set null);
    insert into named values ('x')`)
  expect(await problemOf(undo(harness, id))).toContain('rows of named refer to its rows by')
  await db.query(`update named set code = 'b'`)
  expect(await undo(harness, id)).toEqual(buckets(1, 1, 0))
  expect([await rowsOf('parents'), await rowsOf('cascading')]).toEqual([
    ['(1,a)', '(2,b)'],
    ['(1)'],
  ])
})

test('what keeps the rows from being found, or from going, makes it an error', async () => {
  await db.query(`create table held (id int primary key, n int);
    insert into held values (1, 1), (2, 2);
    create function hold() returns trigger language plpgsql as
      $$ begin if old.n = 10 then return null; end if; return new; end $$;
    create trigger hold before update on held for each row execute function hold()`)
  const id = await bring(harness, 'id,n\n1,10\n2,20\n3,30\n', { ...merge, table: 'held' })
  expect(await problemOf(undo(harness, id))).toContain('and 1 of 2 brought back: a trigger kept')
  await db.query('drop trigger hold on held; alter table held drop constraint held_pkey')
  expect(await problemOf(undo(harness, id))).toContain('by id, and it has no unique index on that')
  await db.query('alter table held add unique (id)')
  expect(await undo(harness, id)).toEqual(buckets(1, 2, 0))
  await db.query(`create function more() returns trigger language plpgsql as
      $$ begin insert into held values (new.id + 100); return null; end $$;
    create trigger more after insert on held for each row when (new.id < 100)
      execute function more()`)
  const more = await bring(harness, 'id,n\n1,1\n5,5\n', { ...merge, table: 'held' })
  expect(await problemOf(undo(harness, more))).toContain('2 rows came with it, and it wrote 1')
})
