/**
 * A worker killed in the middle of any verb: another one finishes, and everything is there once.
 *
 * Each verb is met as an activity of its own, and in the one activity of a small ingest: in its
 * transaction for all of them, and in those of the verbs one by one.
 */
import pg from 'pg'
import { expect, test } from 'vitest'
import { ingestHash } from '../../src/postgres/names.ts'
import { sheetOf, workbook } from '../formats/xlsx/workbook.ts'
import { build, eachVerb, type Harness, until } from '../harness.ts'

const rows = 2000
const bad = 3

/** What holds a verb up in the middle of its transaction, so that it can be killed there. */
const obstacles: Record<string, { lock: (ingestId: string) => string; from: string }> = {
  list: { lock: () => 'lock table sluice.files in share mode', from: 'start' },
  // List writes to the same table, but does not update it; what is done at once only inserts.
  stage: { lock: () => 'select pg_advisory_lock(1)', from: 'start' },
  plan: { lock: () => 'lock table sluice.units in share mode', from: 'start' },
  load: { lock: () => 'lock table sluice.rejects in share mode', from: 'start' },
  publish: { lock: () => 'lock table target in share mode', from: 'start' },
  sweep: {
    lock: (id) => `lock table sluice_landing_${ingestHash(id)} in access share mode`,
    from: 'load',
  },
}

type Way = 'an activity each' | 'one by one' | 'at once'

const ways: Way[] = ['an activity each', 'one by one', 'at once']
type Kind = 'csv' | 'xlsx'

const cases: [verb: string, way: Way, kind: Kind][] = [
  ...Object.keys(obstacles).flatMap((verb) =>
    ways.map((way): [string, Way, Kind] => [verb, way, 'csv']),
  ),
  // What is not cut by bytes is decoded by stage, and by a retry of it.
  ['stage', 'an activity each', 'xlsx'],
  ['load', 'an activity each', 'xlsx'],
  ['load', 'at once', 'xlsx'],
]

const idOf = (n: number) => (n < bad ? `bad${n}` : `${n}`)

async function write(harness: Harness, kind: Kind): Promise<string> {
  const ids = Array.from({ length: rows }, (_, n) => idOf(n))
  if (kind === 'csv') {
    const lines = ids.map((id, n) => (n < bad ? `${id},x` : `${id},"a\nb"`))
    return harness.file('rows.csv', `n,text\n${lines.join('\n')}\n`)
  }
  const cell = (text: string) => `<c t="str"><v>${text}</v></c>`
  const cells = [['n', 'text'], ...ids.map((id) => [id, 'a\nb'])]
  const all = cells.map((row) => `<row>${row.map(cell).join('')}</row>`)
  return harness.file('rows.xlsx', await workbook(sheetOf(all.join(''))))
}

/** Where the transaction for all verbs sleeps: it would not wait for a lock until it is killed. */
const sleeps: Record<string, string> = {
  list: 'update on sluice.ingests for each row when (old.size_bytes is distinct from new.size_bytes)',
  stage: 'insert on sluice.files for each row',
  plan: 'insert on sluice.units for each row',
  load: 'insert on sluice.rejects for each row',
  publish: 'insert on target for each row',
  sweep: 'update on sluice.ingests for each row when (new.ended_at is not null)',
}

test.concurrent.for(cases)(
  '%s, %s, %s',
  { timeout: 180_000 },
  async ([verb, way, kind], { onTestFinished }) => {
    const harness = await build({ onEnd: onTestFinished })
    const { lock, from } = obstacles[verb] as (typeof obstacles)[string]
    const path = await write(harness, kind)
    await harness.db.query(`create table target (n int primary key, text text);
    create function obstacle() returns trigger language plpgsql as $$ begin
      if tg_op = 'UPDATE' or current_setting('application_name') like 'sluice/%/begin/%' then
        perform pg_advisory_xact_lock(1);
      end if;
      return new;
    end $$;
    create trigger obstacle before insert or update on sluice.files
      for each row execute function obstacle();
    create function sleep_at_once() returns trigger language plpgsql as $$ begin
      if current_setting('application_name') like 'sluice/%/begin/%' then perform pg_sleep(600); end if;
      return new;
    end $$`)
    if (way === 'at once') {
      await harness.db.query(
        `create trigger sleep_at_once before ${sleeps[verb]} execute function sleep_at_once()`,
      )
    }
    const ingestId = `kill-${verb}-${kind}-${harness.queue}`
    const source = { kind: 'directory' as const, path }
    const holder = new pg.Client({ connectionString: harness.databaseUrl })
    await holder.connect()
    // The database goes before a test that has failed lets go of it.
    holder.on('error', () => {})
    const hold = async () => {
      await holder.query('begin')
      await holder.query(lock(ingestId))
    }

    const isHeld = way !== 'at once'
    if (isHeld && from === 'start') await hold()
    const victim = await harness.startWorker()
    // With a short heartbeat timeout a busy machine would lose attempts of the victim before its end,
    // and each would count as a death of the unit. The other worker finds the death by itself.
    const options = way === 'an activity each' ? eachVerb : {}
    await harness.start(
      { id: ingestId, source, format: { kind }, target: { table: 'target' } },
      options,
    )
    if (isHeld && from !== 'start') await holdFromLoad(harness, ingestId, hold)
    const waits = () => (isHeld ? isWaiting(harness, victim.pid) : isAsleep(harness, victim.pid))
    await until(waits, { what: `${verb} to wait`, worker: victim })
    victim.kill('SIGKILL')
    await harness.startWorker()
    await holder.end()

    const view = await harness.ended(ingestId, 120_000)
    expect(view).toMatchObject({
      state: 'completed',
      error: null,
      rowsRead: rows,
      rowsLoaded: rows - bad,
      rowsRejected: bad,
    })
    // Rows of a commit can be seen a moment before its session is seen to be over.
    const noSession = async () => {
      const { rowCount } = await harness.db.query(
        `select from pg_stat_activity
         where datname = current_database() and application_name like 'sluice/%'`,
      )
      return rowCount === 0
    }
    await until(noSession, { what: 'the end of every session', timeoutMs: 20_000 })
    const found = await harness.db.query(
      `select count(*) as rows, count(distinct n) as ids,
            (select count(*) from sluice.rejects where ingest_id = $1) as rejects,
            (select count(*) from sluice.units where ingest_id = $1) as units,
            (select sum(rows_read)::bigint from sluice.units where ingest_id = $1) as receipts,
            (select count(*) from pg_class where relname like 'sluice_landing%') as landings
     from target`,
      [ingestId],
    )
    expect(found.rows[0]).toEqual({
      rows: rows - bad,
      ids: rows - bad,
      rejects: bad,
      units: 1,
      receipts: rows,
      landings: 0,
    })
  },
)

/** Takes the lock in the middle of the load, which is held up until then. */
async function holdFromLoad(
  harness: Harness,
  ingestId: string,
  hold: () => Promise<void>,
): Promise<void> {
  const gate = new pg.Client({ connectionString: harness.databaseUrl })
  await gate.connect()
  await gate.query('begin; lock table sluice.rejects in share mode')
  const landing = `sluice_landing_${ingestHash(ingestId)}`
  const exists = async () => {
    const { rows: found } = await harness.db.query('select to_regclass($1) is not null as yes', [
      landing,
    ])
    return found[0].yes
  }
  await until(exists, { what: landing })
  await hold()
  await gate.end()
}

/** A session of the worker waits for a lock on a table. */
async function isWaiting(harness: Harness, pid: number): Promise<boolean> {
  const { rows: found } = await harness.db.query(
    `select from pg_stat_activity a join pg_locks l using (pid)
     where a.datname = current_database() and not l.granted and l.locktype in ('relation', 'advisory')
       and (a.application_name like $1 or a.application_name = 'sluice worker')
       and a.application_name not like 'sluice/%/begin/%'`,
    [`sluice/%/${pid}`],
  )
  return found.length > 0
}

async function isAsleep(harness: Harness, pid: number): Promise<boolean> {
  const { rows: found } = await harness.db.query(
    `select from pg_stat_activity
     where datname = current_database() and wait_event = 'PgSleep' and application_name like $1`,
    [`sluice/%/begin/${pid}`],
  )
  return found.length > 0
}
