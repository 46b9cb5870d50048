/** Replace: what hangs on the table stays, readers go on, and what cannot be kept is told first. */
import type pg from 'pg'
import { expect, test } from 'vitest'
import { type Connection, transaction } from '../../src/postgres/db.ts'
import { readEmptying } from '../../src/postgres/modes/replace/emptying.ts'
import { lockPatiently } from '../../src/postgres/target/patientLock.ts'
import { build, until } from '../harness.ts'
import { planner } from './planned.ts'

const harness = await build()
await harness.startWorker()
const planned = planner(harness)

const rowsOf = async (table: string, order = '1') =>
  (await harness.db.query(`select * from ${table} order by ${order}`)).rows

async function replace(table: string, content: string) {
  const path = await harness.file(`${table}.csv`, content)
  return harness.ingest({
    source: { kind: 'directory', path },
    target: { table, mode: 'replace' },
    rejects: { max: '50%' },
  })
}

test('foreign keys of others hold before and after; a key that they miss undoes it all', async () => {
  await harness.db.query(`
    create table kept (id int primary key, v text); insert into kept values (1, 'old'), (2, 'old');
    create table refers (kept_id int constraint of_kept references kept); create index on refers (kept_id);
    insert into refers values (1)`)
  const good = await replace('kept', 'id,v\n1,new\n3,new\n')
  expect(good).toMatchObject({ state: 'completed', rowsLoaded: 2, error: null })
  expect(await rowsOf('kept')).toEqual([
    { id: 1, v: 'new' },
    { id: 3, v: 'new' },
  ])
  const bad = await replace('kept', 'id,v\n2,newer\n3,newer\n')
  expect(bad.error).toMatchObject({
    code: 'target_refused',
    message: expect.stringMatching(/of_kept.*\(id\)=\(1\)/),
  })
  // A row of the file that is refused is a reject all the same.
  const dirty = await replace('kept', 'id,v\n1,last\n1,twice\n')
  expect(dirty).toMatchObject({ state: 'completed', rowsLoaded: 1, rowsRejected: 1 })
  expect(await rowsOf('kept')).toEqual([{ id: 1, v: 'last' }])
  await expect(harness.db.query('insert into refers values (3)')).rejects.toThrow(/of_kept/)
})

test('a foreign key of others that rows cannot be replaced under is told before anything is read', async () => {
  for (const [name, key, why] of [
    ['cascades', 'references T on delete cascade', 'on delete cascade'],
    ['restricts', 'references T on delete restrict', 'on delete restrict'],
    ['unindexed', 'references T', 'no index on t_id'],
  ]) {
    await harness.db.query(`create table ${name} (id int primary key);
      create table of_${name} (t_id int constraint key_${name} ${key?.replace('T', `${name}`)})`)
    const view = await replace(name as string, 'id\n1\n')
    expect([view.error?.code, view.files]).toEqual(['target_referenced', 0])
    expect(view.error?.message).toContain(`key_${name} of of_${name} (${why})`)
  }
})

test('a trigger on deletes does not fire: the table is truncated, and that readers wait is told', async () => {
  await harness.db.query(`create table audited (id int primary key); insert into audited values (1);
    create function never() returns trigger language plpgsql as $$ begin raise 'never'; end $$;
    create trigger audit before delete on audited for each row execute function never()`)
  const view = await replace('audited', 'id\n2\n')
  expect(view).toMatchObject({ state: 'completed', notes: [{ code: 'readers_wait' }] })
  expect(view.notes[0]?.message).toMatch(/Readers of public\.audited wait .* trigger audit acts/)
  expect(await rowsOf('audited')).toEqual([{ id: 2 }])
})

test.each([
  ['create rule r as on delete to T do instead nothing', 'the rule r acts on deletes'],
  [
    'alter table T enable row level security; alter table T force row level security; set local role R',
    'its row security holds for R',
  ],
  [
    'alter table T drop constraint T_pkey; create publication p_T for table T',
    'it is published by p_t and has no replica identity',
  ],
  [
    'alter table T replica identity nothing; create publication p_T for all tables',
    'it is published by p_t and has no replica identity',
  ],
  [
    'alter table T add up int references T',
    'the foreign key t_up_fkey refers to the table itself, and there is no index on up',
  ],
  ['alter table T add up int references T; create index on T (up)', null],
  ['create publication p_T for table T', null],
  [
    `alter table T drop constraint T_pkey; create publication p_T for table T with (publish = 'insert')`,
    null,
  ],
  [
    'create view v as select * from T; create trigger g before insert on T for each row execute function g()',
    null,
  ],
  [
    'create trigger g before delete on T for each row execute function g()',
    'the trigger g acts on deletes',
  ],
  [
    'create trigger g before delete on T for each row execute function g(); alter table T disable trigger g',
    null,
  ],
])('a delete would do more or less, or not: %s', async (sql, truncates) => {
  const role = `r_${harness.queue}`
  const made = `create function g() returns trigger language plpgsql as 'begin return null; end';
    create role ${role}; grant create on schema public to ${role};
    create table t (id int constraint t_pkey primary key); alter table t owner to ${role};`
  const found = await transaction(
    harness.db,
    async (tx) => {
      await tx.query(made + sql.replaceAll(/\bR\b/g, role))
      const { rows } = await tx.query(`select 't'::regclass::oid::int8 as oid`)
      return readEmptying(tx, rows[0].oid)
    },
    { isTrial: true },
  )
  expect(found).toEqual({ truncates: truncates?.replace(/\bR\b/, role) ?? null, keys: [] })
})

test('readers see the old rows or the new ones, and wait for none of them', async () => {
  await harness.db.query(`create table watched (n int primary key, v text);
    insert into watched select n, 'old' from generate_series(1, 2000) n;
    create view seen as select v, count(*) as rows from watched group by v`)
  const old = await harness.db.connect()
  await old.query('begin isolation level repeatable read; select 1')
  const { load, publish } = await planned(
    `n,v\n${Array.from({ length: 3000 }, (_, n) => `${n},new\n`).join('')}`,
    { table: 'watched', mode: 'replace' },
  )
  await load()
  const reader = await harness.db.connect()
  // Whoever reads the table holds a lock on it until its transaction ends, which is after publish.
  await reader.query('begin; select from watched')
  let isOver = false
  const published = publish().finally(() => {
    isOver = true
  })
  const found = new Set<string>()
  while (!isOver) found.add(JSON.stringify((await harness.db.query('select * from seen')).rows))
  await published
  found.add(JSON.stringify((await harness.db.query('select * from seen')).rows))
  expect([...found]).toEqual([
    JSON.stringify([{ v: 'old', rows: 2000 }]),
    JSON.stringify([{ v: 'new', rows: 3000 }]),
  ])
  // A snapshot of before finds the rows of before.
  expect(
    ((await old.query('select * from seen; rollback')) as never as pg.QueryResult[])[0]?.rows,
  ).toEqual([{ v: 'old', rows: 2000 }])
  await reader.query('rollback')
  for (const connection of [old, reader]) connection.release()
})

test('a lock is asked for again and again, so that readers get through; then it is too busy', async () => {
  await harness.db.query('create table busy (a int)')
  const holder = await harness.db.connect()
  await holder.query('begin; select from busy')
  const told: string[] = []
  const table = { schema: 'public', name: 'busy' }
  const locked = (patienceMs: number) =>
    transaction(harness.db, async (tx) => {
      const onWait = (what: string) => told.push(what)
      await lockPatiently(tx, table, 'access exclusive', { only: true, onWait, patienceMs })
    })
  await expect(locked(400)).rejects.toMatchObject({ code: 'too_busy', retryable: true })
  expect(told[0]).toMatch(/^waits: public\.busy is used by session \d+ \(test, idle in transaction/)
  // A transaction that waits for nothing for long tries once.
  const before = told.length
  const soon = (tx: Connection) =>
    lockPatiently(tx, table, 'access exclusive', { only: true, onWait: () => told.push('soon') })
  await expect(transaction(harness.db, soon, { lockTimeoutMs: 9000 })).rejects.toMatchObject({
    code: 'too_busy',
  })
  expect(told).toHaveLength(before)
  const waiting = locked(60_000)
  await until(async () => told.length > before + 2, { what: 'a pause' })
  await harness.db.query('select from busy')
  await holder.query('rollback')
  holder.release()
  await waiting
})
