/** An append is taken back: its rows go, and no other row does. */
import { expect, test } from 'vitest'
import type { SluiceError } from '../../src/errors.ts'
import { planUndo } from '../../src/ingests/undo.ts'
import { transaction } from '../../src/postgres/db.ts'
import { forgetUndo, listExpired } from '../../src/postgres/undo/forget.ts'
import { build } from '../harness.ts'
import { bring, undo } from './byVerbs.ts'

const harness = await build()
const { db } = harness

const rowsOf = async (table: string): Promise<string[]> => {
  const { rows } = await db.query(`select t::text as row from ${table} t order by t::text`)
  return rows.map(({ row }) => row)
}

async function refusal(ingestId: string): Promise<string | null> {
  try {
    await undo(harness, ingestId)
    return null
  } catch (error) {
    const { code, message } = error as SluiceError
    return `${code}: ${message.replace(ingestId, 'ID')}`
  }
}

const nothing = { rowsRemoved: 0, rowsRestored: 0, rowsKept: 0, tableDropped: false }
const lookOnly = (ingestId: string) => planUndo({ db } as never, ingestId)

test('equal rows of others stay, however many of them there are', async () => {
  await db.query(
    `create table equal (a int, b text); insert into equal values (1, 'x'), (1, 'x'), (2, 'y')`,
  )
  const id = await bring(harness, 'a,b\n1,x\n1,x\n1,x\n3,z\n', { table: 'equal' })
  await db.query(`insert into equal values (3, 'z')`)
  expect(await lookOnly(id)).toMatchObject({ state: 'planned', rowsRemoved: 4, rowsKept: 0 })
  expect(await rowsOf('equal')).toHaveLength(8)
  expect(await undo(harness, id)).toEqual({ ...nothing, rowsRemoved: 4 })
  expect(await rowsOf('equal')).toEqual(['(1,x)', '(1,x)', '(2,y)', '(3,z)'])
  // A later attempt finds it done.
  expect(await undo(harness, id, 2)).toEqual({ ...nothing, rowsRemoved: 4 })
  const { rows } = await db.query(
    `select i.state, u.rows_loaded, u.rows_removed, u.rows_kept,
            (select count(*) from sluice.undos) as undos, (select count(*) from sluice.undo_xids) as xids
     from sluice.ingests i join sluice.undone u using (ingest_id) where ingest_id = $1`,
    [id],
  )
  expect(rows).toEqual([
    { state: 'undone', rows_loaded: 4, rows_removed: 4, rows_kept: 0, undos: 0, xids: 0 },
  ])
})

test('rows that were changed or deleted since are kept, and listed by key', async () => {
  await db.query('create table keyed (id int primary key, n int); insert into keyed values (0, 0)')
  const id = await bring(harness, 'id,n\n1,1\n2,2\n3,3\n4,4\n5,5\n', { table: 'keyed' })
  await db.query('update keyed set n = 20 where id = 2; delete from keyed where id in (3, 4)')
  // The same key, by another hand.
  await db.query('insert into keyed values (4, 40)')
  const kept = [
    { key: { id: 2 }, why: 'changed' },
    { key: { id: 3 }, why: 'deleted' },
    { key: { id: 4 }, why: 'changed' },
  ]
  expect(await lookOnly(id)).toMatchObject({ rowsRemoved: 2, rowsKept: 3, kept })
  expect(await undo(harness, id)).toEqual({ ...nothing, rowsRemoved: 2, rowsKept: 3 })
  expect(await rowsOf('keyed')).toEqual(['(0,0)', '(2,20)', '(4,40)'])
  const { rows } = await db.query('select kept from sluice.undone where ingest_id = $1', [id])
  expect(rows).toEqual([{ kept }])
  const tables = `select from pg_class where relname ~ '^undo_(keys|before)_'`
  expect((await db.query(tables)).rowCount).toBe(0)
})

test('a table that the ingest made goes along, but not with rows of others in it', async () => {
  const first = await bring(harness, 'a\n1\n2\n', { table: 'made' })
  expect(await undo(harness, first)).toEqual({ ...nothing, rowsRemoved: 2, tableDropped: true })
  const second = await bring(harness, 'a\nx\ny\n', { table: 'made' })
  await db.query(`insert into made values ('mine')`)
  expect(await undo(harness, second)).toEqual({ ...nothing, rowsRemoved: 2 })
  expect(await rowsOf('made')).toEqual(['(mine)'])
  const third = await bring(harness, 'a\nx\n', { table: 'viewed' })
  await db.query('create view hangs as select * from viewed')
  expect(await undo(harness, third)).toEqual({ ...nothing, rowsRemoved: 1 })
  expect(await rowsOf('viewed')).toEqual([])
})

test('units that were appended one by one, and what an appended ingest of before wrote', async () => {
  await db.query('create table straight (a int); insert into straight values (1)')
  const before = await bring(harness, 'a\n1\n2\n', { table: 'straight' })
  const id = await bring(harness, 'a\n1\nbad\n2\n3\n', { table: 'straight', atomic: false })
  expect(await rowsOf('straight')).toHaveLength(6)
  expect(await undo(harness, id)).toEqual({ ...nothing, rowsRemoved: 3 })
  expect(await rowsOf('straight')).toEqual(['(1)', '(1)', '(2)'])
  expect(await undo(harness, before)).toEqual({ ...nothing, rowsRemoved: 2 })
  expect(await rowsOf('straight')).toEqual(['(1)'])
})

test('rows that a transform has made, without those that it filtered', async () => {
  await db.query(
    'create table computed (id int primary key, n int); insert into computed values (0, 0)',
  )
  const into = { table: 'computed', select: 'id, n * 10 as n', where: 'n > 1' }
  const id = await bring(harness, 'id,n\n1,1\n2,2\n3,3\n', into)
  expect(await rowsOf('computed')).toEqual(['(0,0)', '(2,20)', '(3,30)'])
  await db.query('update computed set n = 1 where id = 3')
  expect(await lookOnly(id)).toMatchObject({ kept: [{ key: { id: 3 }, why: 'changed' }] })
  expect(await undo(harness, id)).toEqual({ ...nothing, rowsRemoved: 1, rowsKept: 1 })
  expect(await rowsOf('computed')).toEqual(['(0,0)', '(3,1)'])
})

test('VACUUM FULL and CLUSTER move rows, and they are still known', async () => {
  await db.query(
    'create table moved (a int); create index moved_a on moved (a); insert into moved values (7)',
  )
  const id = await bring(harness, 'a\n1\n2\n', { table: 'moved' })
  await db.query('vacuum (full, freeze) moved')
  await db.query('cluster moved using moved_a')
  await db.query('vacuum freeze moved')
  expect(await undo(harness, id)).toEqual({ ...nothing, rowsRemoved: 2 })
  expect(await rowsOf('moved')).toEqual(['(7)'])
})

test('rows in partitions; one that was moved to another is kept', async () => {
  await db.query(`create table parts (id int, n int, primary key (id, n)) partition by range (n);
    create table parts_low partition of parts for values from (0) to (10);
    create table parts_high partition of parts for values from (10) to (100);
    insert into parts values (0, 0), (0, 50)`)
  const id = await bring(harness, 'id,n\n1,1\n2,2\n3,30\n', { table: 'parts' })
  await db.query('update parts set n = 60 where id = 1')
  expect(await lookOnly(id)).toMatchObject({ kept: [{ key: { id: 1, n: 1 }, why: 'deleted' }] })
  expect(await undo(harness, id)).toEqual({ ...nothing, rowsRemoved: 2, rowsKept: 1 })
  expect(await rowsOf('parts')).toEqual(['(0,0)', '(0,50)', '(1,60)'])
})

test('a table that was written anew, emptied, replaced or dropped loses no row by it', async () => {
  for (const [what, sql, told] of [
    ['anew', 'alter table anew alter a type bigint', 'all of its rows were written anew since'],
    [
      'other',
      'alter table other rename to gone; create table other (a int)',
      'another table has its name now',
    ],
    ['dropped', 'drop table dropped', 'it does not exist any more'],
  ] as const) {
    await db.query(`create table ${what} (a int); insert into ${what} values (7)`)
    const id = await bring(harness, 'a\n1\n2\n', { table: what })
    await db.query(sql)
    expect(await refusal(id)).toContain(
      `undo_impossible: The ingest ID cannot be taken back from public.${what}: ${told}`,
    )
  }
  expect(await rowsOf('anew')).toHaveLength(3)
  await db.query('create table emptied (a int)')
  const id = await bring(harness, 'a\n1\n2\n', { table: 'emptied' })
  await db.query('truncate emptied')
  expect(await undo(harness, id)).toEqual({ ...nothing, rowsKept: 2 })
})

test('a ledger that came out of a dump does not trust the numbers of transactions', async () => {
  await db.query('create table dumped (a int)')
  const id = await bring(harness, 'a\n1\n2\n', { table: 'dumped' })
  // What a dump does to the rows of the ledger: they are inserted anew.
  await transaction(db, async (tx) => {
    await tx.query(`create temp table kept on commit drop as select * from sluice.undos;
      delete from sluice.undos; insert into sluice.undos select * from kept`)
  })
  expect(await refusal(id)).toContain('the ledger was restored from a dump since')
  expect(await rowsOf('dumped')).toHaveLength(2)
})

test('rows of other tables neither go along nor stand without theirs', async () => {
  await db.query(`create table parents (id int primary key);
    create table cascading (parent int references parents on delete cascade);
    create table strict (parent int references parents deferrable initially deferred)`)
  const id = await bring(harness, 'id\n1\n2\n', { table: 'parents' })
  await db.query('insert into cascading values (1)')
  expect(await refusal(id)).toContain(
    'rows of cascading refer to its rows by cascading_parent_fkey',
  )
  await db.query('delete from cascading; insert into strict values (2)')
  expect(await refusal(id)).toContain('violates foreign key constraint "strict_parent_fkey"')
  await db.query('delete from strict')
  expect(await undo(harness, id)).toEqual({ ...nothing, rowsRemoved: 2 })
})

test('triggers that keep rows, or make more of them, make it an error', async () => {
  await db.query(`create table held (a int);
    create function hold() returns trigger language plpgsql as
      $$ begin if old.a = 1 then return null; end if; return old; end $$;
    create trigger hold before delete on held for each row execute function hold();
    create table doubled (a int);
    create function again() returns trigger language plpgsql as
      $$ begin if new.a < 10 then insert into doubled values (new.a + 10); end if; return null; end $$;
    create trigger again after insert on doubled for each row execute function again()`)
  const held = await bring(harness, 'a\n1\n2\n', { table: 'held' })
  expect(await refusal(held)).toContain(
    '1 of 2 rows could be deleted, and 0 of 0 brought back: a trigger',
  )
  const doubled = await bring(harness, 'a\n1\n2\n', { table: 'doubled' })
  expect(await refusal(doubled)).toContain('4 rows came with it, and it wrote 2')
  expect([await rowsOf('held'), await rowsOf('doubled')]).toMatchObject([
    { length: 2 },
    { length: 4 },
  ])
})

test('only what asked for it, in its time', async () => {
  await db.query('create table plain (a int)')
  const plain = await bring(harness, 'a\n1\n', { table: 'plain', undo: false })
  expect(await refusal(plain)).toContain('undo_not_asked')
  // Asking for it the next time would be refused.
  const versions = { table: 'versions', mode: 'history' as const, key: ['a'], undo: false }
  const history = await bring(harness, 'a\n1\n', versions)
  expect(await refusal(history)).toMatch(/undo_impossible.* its mode is history/)
  const late = await bring(harness, 'a\n1\n', { table: 'plain', keep: '1h' })
  const at = `update sluice.undos set keep_until = now() - interval '1 s' where ingest_id = $1`
  await db.query(at, [late])
  expect(await refusal(late)).toContain('undo_expired')
  await db.query('create table kept_keys (id int primary key)')
  const keyed = await bring(harness, 'id\n1\n', { table: 'kept_keys' })
  expect(await listExpired(db)).toEqual([late])
  expect(await forgetUndo(db, late)).toBe(false)
  await db.query(at, [keyed])
  expect(await forgetUndo(db, keyed)).toBe(true)
  expect(await listExpired(db)).toEqual([])
  expect(await refusal(keyed)).toContain('undo_expired')
  expect(await refusal('none')).toContain('ingest_not_found')
})
