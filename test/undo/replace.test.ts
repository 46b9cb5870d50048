/** A replace is taken back: the rows of before return, and what others wrote since stays. */
import { expect, test } from 'vitest'
import { planUndo } from '../../src/ingests/undo.ts'
import { build } from '../harness.ts'
import { bring, undo } from './byVerbs.ts'

const harness = await build()
const { db } = harness

const rowsOf = async (table: string): Promise<string[]> => {
  const { rows } = await db.query(`select t::text as row from ${table} t order by t::text`)
  return rows.map(({ row }) => row)
}

test('a bare table, whose place another one has taken', async () => {
  await db.query(
    `create table bare (a int, b text); insert into bare values (1, 'x'), (1, 'x'), (2, null)`,
  )
  const id = await bring(harness, 'a,b\n1,x\n3,z\n', { table: 'bare', mode: 'replace' })
  expect(await rowsOf('bare')).toEqual(['(1,x)', '(3,z)'])
  await db.query(`insert into bare values (1, 'x')`)
  expect(await undo(harness, id)).toEqual({
    ...{ rowsRemoved: 2, rowsRestored: 3, rowsKept: 0, tableDropped: false },
  })
  expect(await rowsOf('bare')).toEqual(['(1,x)', '(1,x)', '(1,x)', '(2,)'])
})

test('with a key: rows that were changed or added since win over those of before', async () => {
  await db.query(`create table full_of (
      id int generated always as identity primary key, n int not null,
      twice int generated always as (2 * n) stored);
    create table referring (id int references full_of);
    create index on referring (id);
    insert into full_of (n) values (10), (20), (30), (40);
    insert into referring values (1)`)
  const csv = 'id,n\n1,100\n2,200\n5,500\n6,600\n'
  const id = await bring(harness, csv, { table: 'full_of', mode: 'replace' })
  expect(await rowsOf('full_of')).toEqual([
    '(1,100,200)',
    '(2,200,400)',
    '(5,500,1000)',
    '(6,600,1200)',
  ])
  await db.query(`update full_of set n = 201 where id = 2; delete from full_of where id = 6;
    insert into full_of (id, n) overriding system value values (4, 44), (7, 77)`)
  const kept = [
    { key: { id: 2 }, why: 'changed' },
    { key: { id: 6 }, why: 'deleted' },
    { key: { id: 2 }, why: 'taken' },
    { key: { id: 4 }, why: 'taken' },
  ]
  const buckets = { rowsRemoved: 2, rowsRestored: 2, rowsKept: 4 }
  expect(await planUndo({ db } as never, id)).toMatchObject({ ...buckets, kept })
  expect(await undo(harness, id)).toEqual({ ...buckets, tableDropped: false })
  expect(await rowsOf('full_of')).toEqual([
    '(1,10,20)',
    '(2,201,402)',
    '(3,30,60)',
    '(4,44,88)',
    '(7,77,154)',
  ])
  const { rows } = await db.query(
    `select rows_loaded, rows_before, rows_removed, rows_restored, rows_kept from sluice.undone
     where ingest_id = $1`,
    [id],
  )
  expect(Object.values(rows[0])).toEqual([4, 4, 2, 2, 4])
  const tables = `select from pg_class where relname ~ '^undo_(keys|before)_'`
  expect((await db.query(tables)).rowCount).toBe(0)
})

test('partitions; columns that came since; columns that went', async () => {
  await db.query(`create table parted (n int, m int) partition by range (n);
    create table parted_low partition of parted for values from (0) to (10);
    create table parted_high partition of parted for values from (10) to (100);
    insert into parted values (1, 1), (50, 50)`)
  const id = await bring(harness, 'n,m\n2,2\n60,60\n', { table: 'parted', mode: 'replace' })
  await db.query(`alter table parted add column more text default 'new'`)
  expect(await undo(harness, id)).toMatchObject({ rowsRemoved: 2, rowsRestored: 2, rowsKept: 0 })
  expect(await rowsOf('parted')).toEqual(['(1,1,new)', '(50,50,new)'])
  const next = await bring(harness, 'n,m\n3,3\n', { table: 'parted', mode: 'replace' })
  await db.query('alter table parted drop column m')
  await expect(undo(harness, next)).rejects.toThrow(
    'it has no columns any more that its rows had: m',
  )
  expect(await rowsOf('parted')).toEqual(['(3,new)'])
})

test('two after each other are taken back from the last on', async () => {
  await db.query('create table twice (a int); insert into twice values (1)')
  const first = await bring(harness, 'a\n2\n', { table: 'twice', mode: 'replace' })
  const second = await bring(harness, 'a\n3\n', { table: 'twice', mode: 'replace' })
  expect(await undo(harness, second)).toMatchObject({ rowsRemoved: 1, rowsRestored: 1 })
  expect(await rowsOf('twice')).toEqual(['(2)'])
  await undo(harness, first).catch(() => null)
  // The row that came back is not as the first ingest wrote it, so nothing is lost by it.
  expect(await rowsOf('twice')).toContain('(2)')
})
