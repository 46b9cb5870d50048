/** The judgement beside others who write to the target, and with workers that are killed in it. */
import { randomUUID } from 'node:crypto'
import { MockActivityEnvironment } from '@temporalio/testing'
import pg from 'pg'
import { expect, test } from 'vitest'
import { createActivities } from '../../activities/index.ts'
import type { Planned } from '../../activities/plan.ts'
import { openDb } from '../../src/postgres/db.ts'
import { enterIngest } from '../../src/postgres/ledger/ingests.ts'
import { fullSpec, type IngestSpec } from '../../src/spec/spec.ts'
import { build, type Harness, noticedSoon, until } from '../harness.ts'
import { testDeps } from './deps.ts'

type OnEnd = NonNullable<Parameters<typeof build>[0]>['onEnd']

const start = (harness: Harness, path: string, more: Partial<IngestSpec['target']> = {}) =>
  harness.start(
    { source: { kind: 'directory', path }, target: { table: 'target', ...more } },
    noticedSoon,
  )

/** A session of its own that ends with the test. */
async function session(harness: Harness, onEnd: OnEnd): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: harness.databaseUrl })
  // The database may be dropped before it has ended.
  client.on('error', () => {})
  await client.connect()
  onEnd?.(async () => client.end().catch(() => {}))
  return client
}

/** How many sessions of that name wait for a lock. */
const waits = (harness: Harness, name: string) => async () => {
  const { rowCount } = await harness.db.query(
    `select from pg_stat_activity where datname = current_database()
       and wait_event_type = 'Lock' and application_name like $1`,
    [name],
  )
  return rowCount === 1
}

/** An ingest of one unit that is loaded; what is still to come is its publish. */
async function loaded(
  harness: Harness,
  content: string,
  more: Partial<IngestSpec> = {},
  db = harness.db,
) {
  const ingestId = randomUUID()
  const path = await harness.file('n.csv', content)
  const source = { kind: 'directory' as const, path }
  const spec = fullSpec({ source, target: { table: 'target' }, ...more })
  await enterIngest(harness.db, { ingestId, spec, target: 'target' })
  const verbs = createActivities({ ...testDeps(harness, harness.stage), db })
  const env = new MockActivityEnvironment()
  await env.run(verbs.listSource, { ingestId })
  await env.run(verbs.stageLot, { ingestId, lotNo: 0 })
  const { records }: Planned = await env.run(verbs.planIngest, { ingestId })
  await env.run(verbs.loadUnit, { ingestId, unitNo: 0 })
  const publish = () =>
    new MockActivityEnvironment().run(verbs.publishIngest, { ingestId, records })
  return { ingestId, publish }
}

async function expectRows(harness: Harness, ingestId: string, counts: Record<string, number>) {
  const { rows } = await harness.db.query(
    `select count(*) as rows, count(distinct n) as ids,
            (select count(*) from sluice.rejects where ingest_id = $1) as rejects,
            (select sum(rows_rejected)::bigint from sluice.units where ingest_id = $1) as rejected,
            (select sum(rows_loaded)::bigint from sluice.units where ingest_id = $1) as loaded
     from target`,
    [ingestId],
  )
  expect(rows[0]).toEqual(counts)
}

test.concurrent.for(['commit', 'rollback'])(
  'another session has a key of the ingest and will %s: publish waits for it',
  async (end, { onTestFinished }) => {
    const harness = await build({ onEnd: onTestFinished })
    await harness.db.query('create table target (n int primary key)')
    const other = await session(harness, onTestFinished)
    await other.query('begin; insert into target values (2)')
    await harness.startWorker()
    const ingestId = await start(harness, await harness.file('n.csv', 'n\n1\n2\n3\n'))
    await until(waits(harness, 'sluice/%/publish/%'), { what: 'publish to wait' })
    await other.query(end)
    const lost = end === 'commit' ? 1 : 0
    const view = await harness.ended(ingestId)
    expect(view).toMatchObject({ state: 'completed', rowsLoaded: 3 - lost, rowsRejected: lost })
    await expectRows(harness, ingestId, {
      rows: 3,
      ids: 3,
      rejects: lost,
      rejected: lost,
      loaded: 3 - lost,
    })
  },
)

test.concurrent('another session comes between judgement and commit: it waits, readers do not', async ({
  onTestFinished,
}) => {
  const harness = await build({ onEnd: onTestFinished })
  await harness.db.query('create table target (n int primary key); insert into target values (2)')
  const holder = await session(harness, onTestFinished)
  // No row is rejected before publish.
  await holder.query('begin; lock table sluice.rejects in share mode')
  await harness.startWorker()
  const ingestId = await start(harness, await harness.file('n.csv', 'n\n1\n2\n3\n'))
  await until(waits(harness, 'sluice/%/publish/%'), { what: 'publish to wait' })

  const other = await session(harness, onTestFinished)
  await other.query(`set application_name = 'other'`)
  const inserted = other.query('insert into target values (1), (4)').then(
    () => 'inserted',
    (error) => error.code,
  )
  await until(waits(harness, 'other'), { what: 'the other session to wait' })
  const { rows } = await harness.db.query('select n from target')
  expect(rows).toEqual([{ n: 2 }])
  await holder.query('commit')
  expect(await harness.ended(ingestId)).toMatchObject({ state: 'completed', rowsLoaded: 2 })
  expect(await inserted).toBe('23505')
  await expectRows(harness, ingestId, { rows: 3, ids: 3, rejects: 1, rejected: 1, loaded: 2 })
})

test.concurrent('a worker killed in the middle of the judgement: all is counted once', {
  timeout: 180_000,
}, async ({ onTestFinished }) => {
  const harness = await build({ onEnd: onTestFinished })
  await harness.db.query(`create table target (n int primary key, text text not null);
      insert into target values (5, 'there')`)
  const holder = await session(harness, onTestFinished)
  await holder.query('begin; lock table sluice.rejects in share mode')
  const rows = Array.from({ length: 2000 }, (_, n) => `${n},${n % 100 === 7 ? '' : '"a\nb"'}`)
  const path = await harness.file('rows.csv', `n,text\n${rows.join('\n')}\n`)
  const victim = await harness.startWorker()
  const ingestId = await start(harness, path)
  await until(waits(harness, `sluice/%/publish/${victim.pid}`), {
    what: 'the rejects to wait',
    worker: victim,
  })
  victim.kill('SIGKILL')
  await harness.startWorker()
  await holder.query('commit')
  expect(await harness.ended(ingestId, 120_000)).toMatchObject({
    state: 'completed',
    rowsRead: 2000,
    rowsLoaded: 1979,
    rowsRejected: 21,
  })
  await expectRows(harness, ingestId, {
    rows: 1980,
    ids: 1980,
    rejects: 21,
    rejected: 21,
    loaded: 1979,
  })
})

test.concurrent.for([
  ['publish', true],
  ['load', false],
] as const)(
  'a worker killed in the middle of the search by %s, atomic: %s: all is counted once',
  {
    timeout: 180_000,
  },
  async ([verb, atomic], { onTestFinished }) => {
    const harness = await build({ onEnd: onTestFinished })
    await harness.db.query(`create table target (n int, text text);
    create function look() returns trigger language plpgsql as $$ begin
      if new.n % 100 = 7 then raise 'no % here', new.n; end if;
      -- The first try ends at row 7: whoever comes to this one is searching.
      if new.n = 1500 then perform pg_advisory_xact_lock(1); end if;
      return new;
    end $$;
    create trigger watch before insert on target for each row execute function look();
    insert into target values (5, 'there')`)
    const holder = await session(harness, onTestFinished)
    await holder.query('select pg_advisory_lock(1)')
    const rows = Array.from({ length: 2000 }, (_, n) => `${n},"a\nb"`)
    const path = await harness.file('rows.csv', `n,text\n${rows.join('\n')}\n`)
    const victim = await harness.startWorker()
    const ingestId = await start(harness, path, { atomic })
    const isSearching = waits(harness, `sluice/%/${verb}%/${victim.pid}`)
    await until(isSearching, { what: 'the search to wait', worker: victim })
    victim.kill('SIGKILL')
    await harness.startWorker()
    await holder.query('select pg_advisory_unlock(1)')
    expect(await harness.ended(ingestId, 120_000)).toMatchObject({
      state: 'completed',
      rowsRead: 2000,
      rowsLoaded: 1980,
      rowsRejected: 20,
    })
    // One row was there, with a number that the ingest brings as well.
    const counts = { rejects: 20, rejected: 20, loaded: 1980 }
    await expectRows(harness, ingestId, { rows: 1981, ids: 1980, ...counts })
    const { rows: found } = await harness.db.query(
      'select line, error, raw from sluice.rejects where ingest_id = $1 order by line limit 1',
      [ingestId],
    )
    expect(found).toEqual([{ line: 16, error: 'no 7 here (trigger watch)', raw: '7,"a\nb"' }])
  },
)

test.concurrent.for([
  ['insert, select', /^published$/],
  ['insert', /^published$/],
] as const)('a role that may only %s', async ([rights, outcome], { onTestFinished }) => {
  const harness = await build({ onEnd: onTestFinished })
  await harness.db.query(`do $$ begin
      create role bringer login password 'bringer';
    exception when duplicate_object or unique_violation then null; end $$;
    create table target (n int primary key); insert into target values (1);
    grant ${rights} on target to bringer;
    grant usage on schema sluice to bringer;
    grant select, insert, update, delete on all tables in schema sluice to bringer;
    grant usage, create on schema public to bringer`)
  const url = new URL(harness.databaseUrl)
  url.username = 'bringer'
  url.password = 'bringer'
  const db = openDb(url.href, { max: 3, name: 'bringer' })
  onTestFinished(() => db.end())
  const { ingestId, publish } = await loaded(harness, 'n\n1\n2\n', {}, db)
  const said = await publish().then(
    () => 'published',
    (error: Error) => error.message,
  )
  expect(said).toMatch(outcome)
  const isPublished = said === 'published'
  await expectRows(harness, ingestId, {
    rows: isPublished ? 2 : 1,
    ids: isPublished ? 2 : 1,
    rejects: isPublished ? 1 : 0,
    rejected: isPublished ? 1 : 0,
    loaded: isPublished ? 1 : 2,
  })
})

test.concurrent('an attempt after one that kept its rejects and published nothing finds them', async ({
  onTestFinished,
}) => {
  const harness = await build({ onEnd: onTestFinished })
  await harness.db.query('create table target (n int primary key)')
  const { ingestId, publish } = await loaded(harness, 'n\n1\n1\n2\n', { rejects: { max: 0 } })
  for (let attempt = 1; attempt <= 2; attempt++) {
    await expect(publish()).rejects.toThrow(/1 of 3 rows were rejected; 0 are allowed/)
    await expectRows(harness, ingestId, { rows: 0, ids: 0, rejects: 1, rejected: 1, loaded: 2 })
  }
})

test.concurrent('the target is dropped before publish: a table without numbers takes its name', async ({
  onTestFinished,
}) => {
  const harness = await build({ onEnd: onTestFinished })
  await harness.db.query('create table target (n int primary key)')
  const { publish } = await loaded(harness, 'n\n1\n2\n')
  await harness.db.query('drop table target')
  await publish()
  expect((await harness.db.query('select * from target order by n')).rows).toEqual([
    { n: 1 },
    { n: 2 },
  ])
  const { rows } = await harness.db.query(`select relname from pg_class where relname ~ 'sluice_'`)
  expect(rows).toEqual([])
})
