/** What passes costs an ingest time, never its rows: it goes on, and the account adds up. */
import { MockActivityEnvironment } from '@temporalio/testing'
import pg from 'pg'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { createActivities } from '../../activities/index.ts'
import { openDb } from '../../src/postgres/db.ts'
import { viewIngest } from '../../src/postgres/ledger/views.ts'
import { ingestHash } from '../../src/postgres/names.ts'
import { viewWorkflow } from '../../src/temporal/ingests.ts'
import { build, eachVerb, type StartOptions, until } from '../harness.ts'
import { testDeps } from './deps.ts'

const harness = await build()
const rows = 2000
const bad = 2
const role = `passing_${harness.queue}`
/** Its session is there before the database lets nobody in. */
const admin = openDb(inject('databaseUrl'), { max: 1, name: 'test admin' })
afterAll(() => admin.end())

const endSessions = `select pg_terminate_backend(pid) from pg_stat_activity where usename = '${role}'`

/** Where an ingest can be held up: the keys of advisory locks. */
const places = { load: 7, sweep: 8 }
type Place = keyof typeof places

async function hold(place: Place): Promise<() => Promise<void>> {
  const holder = new pg.Client({ connectionString: harness.databaseUrl })
  holder.on('error', () => {})
  await holder.connect()
  await holder.query('select pg_advisory_lock($1)', [places[place]])
  return () => holder.end()
}

const untilHeld = (place: Place) =>
  until(
    async () => {
      const { rowCount } = await harness.db.query(
        `select from pg_locks l join pg_stat_activity a using (pid)
         where l.locktype = 'advisory' and l.objid = $2 and not l.granted
           and a.usename = $1 and a.datname = current_database()`,
        [role, places[place]],
      )
      return rowCount === 1
    },
    { what: `${place} to wait` },
  )

beforeAll(async () => {
  await harness.db.query(`
    create role ${role} login password 'before';
    alter database ${harness.queue} owner to ${role};
    grant usage on schema sluice to ${role};
    grant select, insert, update, delete on all tables in schema sluice to ${role};
    create function obstacle() returns trigger language plpgsql as
      $$ begin perform pg_advisory_xact_lock(tg_argv[0]::bigint); return new; end $$;
    create trigger load before update on sluice.units
      for each row execute function obstacle(${places.load});
    create trigger sweep before update on sluice.ingests
      for each row when (new.ended_at is not null) execute function obstacle(${places.sweep})`)
  const lines = Array.from({ length: rows }, (_, n) => `${n < bad ? 'x' : n},"a\nb"`)
  await harness.file('rows.csv', `n,text\n${lines.join('\n')}\n`)
  const url = new URL(harness.databaseUrl)
  url.username = role
  url.password = 'before'
  await harness.startWorker({ env: { DATABASE_URL: url.href } })
})
afterAll(async () => {
  await harness.db.query(
    `${endSessions}; reassign owned by ${role} to current_user; drop owned by ${role}`,
  )
  await harness.db.query(`alter database ${harness.queue} owner to current_user; drop role ${role}`)
})

async function start(table: string, options: StartOptions = {}): Promise<string> {
  await harness.db.query(
    `create table ${table} (n int, text text); alter table ${table} owner to ${role}`,
  )
  const source = { kind: 'directory' as const, path: `${harness.folder}/rows.csv` }
  return harness.start({ id: `${table}-${harness.queue}`, source, target: { table } }, options)
}

/** Waits until an attempt has failed for this reason, and another one is to come. */
const retrying = (ingestId: string, reason: RegExp) =>
  until(
    async () => {
      const view = await viewWorkflow(harness.client, ingestId)
      return view?.pending.some(({ error }) => reason.test(error ?? '')) ?? false
    },
    { what: `an attempt that fails with ${reason}` },
  )

async function expectAccount(ingestId: string, table: string): Promise<void> {
  const view = await harness.ended(ingestId)
  const counts = { rowsRead: rows, rowsLoaded: rows - bad, rowsRejected: bad }
  expect(view).toMatchObject({ state: 'completed', error: null, ...counts })
  const { rows: found } = await harness.db.query(
    `select count(*) as rows, count(distinct n) as different from ${table}`,
  )
  expect(found).toEqual([{ rows: rows - bad, different: rows - bad }])
  expect((await harness.rejects(ingestId)).length).toBe(bad)
  const { rowCount } = await harness.db.query(
    `select from pg_class where relname like 'sluice_landing%'`,
  )
  expect(rowCount).toBe(0)
}

const passing = [
  {
    what: 'the database is read-only',
    begin: `alter role ${role} set default_transaction_read_only = on`,
    end: `alter role ${role} reset default_transaction_read_only`,
    reason: /read-only transaction \(SQLSTATE 25006\)/,
  },
  {
    what: 'the password is another one',
    begin: `alter role ${role} password 'after'`,
    end: `alter role ${role} password 'before'`,
    reason: /does not let us in.*SQLSTATE 28P01/,
  },
  {
    what: 'the database takes no connections',
    begin: `alter database ${harness.queue} allow_connections false`,
    end: `alter database ${harness.queue} allow_connections true`,
    reason: /not currently accepting connections \(SQLSTATE 55000\)/,
  },
  {
    what: 'the role may have no connection',
    begin: `alter role ${role} connection limit 0`,
    end: `alter role ${role} connection limit -1`,
    reason: /too many connections.*SQLSTATE 53300/,
  },
]

test.each(passing)('$what for a while, in load and in sweep', { timeout: 60_000 }, async (each) => {
  const { begin, end, reason } = each
  const table = `passing_${passing.indexOf(each)}`
  const held = { load: await hold('load'), sweep: await hold('sweep') }
  const ingestId = await start(table)
  for (const place of ['load', 'sweep'] as const) {
    await untilHeld(place)
    await admin.query(begin)
    await admin.query(endSessions)
    await retrying(ingestId, reason)
    await admin.query(end)
    await held[place]()
  }
  await expectAccount(ingestId, table)
})

/** A full disk, and what else a server runs out of, as statements meet it. */
const shortages = ['53100', '53200', '53300', '53400']

test.each(shortages)('%s in a load and in a publish', { timeout: 60_000 }, async (state) => {
  const table = `short_${state}`
  await harness.db.query(`
    create table is_${table} ();
    create function ${table}() returns trigger language plpgsql as $$ begin
      if to_regclass('public.is_${table}') is not null then
        raise exception 'no room for an %', tg_op using errcode = '${state}';
      end if; return new; end $$;
    create trigger ${table} before update on sluice.units for each row execute function ${table}()`)
  const ingestId = await start(table, eachVerb)
  const short = (what: string) => new RegExp(`no room for an ${what}.*SQLSTATE ${state}`)
  await retrying(ingestId, short('UPDATE'))
  const before = await viewIngest(harness.db, ingestId)
  expect(before).toMatchObject({ state: 'running', rowsLoaded: 0, rowsRejected: 0 })
  await harness.db.query(`
    create trigger ${table} before insert on ${table} for each row execute function ${table}();
    drop trigger ${table} on sluice.units`)
  await retrying(ingestId, short('INSERT'))
  const loaded = await viewIngest(harness.db, ingestId)
  expect(loaded).toMatchObject({ state: 'running', phase: 'publish', rowsRejected: bad })
  const { rows: published } = await harness.db.query(`select count(*) as rows from ${table}`)
  expect(published[0].rows).toBe(0)
  await harness.db.query(`drop table is_${table}`)
  await expectAccount(ingestId, table)
})

test('time limits of the role are none of ours', async () => {
  const names = ['statement_timeout', 'lock_timeout', 'transaction_timeout']
  names.push('idle_in_transaction_session_timeout', 'idle_session_timeout')
  const each = (how: (name: string) => string) => names.map(how).join('; ')
  await admin.query(each((name) => `alter role ${role} set ${name} = '250ms'`))
  await admin.query(`alter role ${role} set synchronous_commit = off;
    alter role ${role} set client_min_messages = error; ${endSessions}`)
  const letGo = await hold('load')
  const ingestId = await start('limited')
  await untilHeld('load')
  const isLong = async () => {
    const { rowCount } = await admin.query(
      `select from pg_stat_activity where usename = '${role}' and wait_event = 'advisory'
         and clock_timestamp() - query_start > interval '1 s'`,
    )
    return rowCount === 1
  }
  await until(isLong, { what: 'a wait that is longer than every limit' })
  await letGo()
  await expectAccount(ingestId, 'limited')
  const { rows: units } = await harness.db.query(
    'select attempt, lane from sluice.units where ingest_id = $1',
    [ingestId],
  )
  expect(units).toEqual([{ attempt: 1, lane: 'fast' }])
  await admin.query(`alter role ${role} reset all`)
})

test('a view on the landing table is named and waited for, never dropped', async () => {
  const letGo = await hold('load')
  const ingestId = await start('viewed', eachVerb)
  await untilHeld('load')
  await harness.db.query(
    `create view seen as select n from public.sluice_landing_${ingestHash(ingestId)}`,
  )
  await letGo()
  await retrying(ingestId, /cannot be dropped: .*view seen depends on table sluice_landing/)
  expect((await harness.db.query('select count(*) as rows from seen')).rows[0].rows).toBe(
    rows - bad,
  )
  await harness.db.query('drop view seen')
  await expectAccount(ingestId, 'viewed')
})

test('a NUL in the text of an error does not keep the sweep from its work', async () => {
  const letGo = await hold('load')
  const ingestId = await start('nul', eachVerb)
  await untilHeld('load')
  const { sweepIngest } = createActivities(testDeps(harness))
  const error = { code: 'unexpected', message: 'a\0b', hint: '\u001b[31m' }
  const outcome = { state: 'failed' as const, error }
  await new MockActivityEnvironment().run(sweepIngest, { ingestId, outcome })
  await letGo()
  const view = await harness.ended(ingestId)
  expect(view.error).toEqual({ code: 'unexpected', message: 'a\\x00b', hint: '\\x1b[31m' })
})
