/** A worker killed in the middle of any verb: another one finishes, and everything is there once. */
import pg from 'pg'
import { expect, test } from 'vitest'
import { ingestHash } from '../../src/postgres/names.ts'
import { build, type Harness, noticedSoon, until } from '../harness.ts'

const rows = 2000
const bad = 3

/** What holds a verb up in the middle of its transaction, so that it can be killed there. */
const obstacles: Record<string, { lock: (ingestId: string) => string; from: string }> = {
  list: { lock: () => 'lock table sluice.files in share mode', from: 'start' },
  // List writes to the same table, but does not update it.
  stage: { lock: () => 'select pg_advisory_lock(1)', from: 'start' },
  plan: { lock: () => 'lock table sluice.units in share mode', from: 'start' },
  load: { lock: () => 'lock table sluice.rejects in share mode', from: 'start' },
  publish: { lock: () => 'lock table target in share mode', from: 'start' },
  sweep: {
    lock: (id) => `lock table sluice_landing_${ingestHash(id)} in access share mode`,
    from: 'load',
  },
}

test.concurrent.for(Object.keys(obstacles))(
  '%s',
  { timeout: 180_000 },
  async (verb, { onTestFinished }) => {
    const harness = await build({ onEnd: onTestFinished })
    const { lock, from } = obstacles[verb] as (typeof obstacles)[string]
    const lines = Array.from({ length: rows }, (_, n) => (n < bad ? `bad${n},x` : `${n},"a\nb"`))
    const path = await harness.file('rows.csv', `n,text\n${lines.join('\n')}\n`)
    await harness.db.query(`create table target (n int primary key, text text);
    create function obstacle() returns trigger language plpgsql as
      $$ begin perform pg_advisory_xact_lock(1); return new; end $$;
    create trigger obstacle before update on sluice.files
      for each row execute function obstacle()`)
    const ingestId = `kill-${verb}-${harness.queue}`
    const source = { kind: 'directory' as const, path }
    const holder = new pg.Client({ connectionString: harness.databaseUrl })
    await holder.connect()
    const hold = async () => {
      await holder.query('begin')
      await holder.query(lock(ingestId))
    }

    if (from === 'start') await hold()
    const victim = await harness.startWorker()
    await harness.start({ id: ingestId, source, target: { table: 'target' } }, noticedSoon)
    if (from !== 'start') await holdFromLoad(harness, ingestId, hold)
    await until(() => isWaiting(harness, victim.pid), { what: `${verb} to wait`, worker: victim })
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
       and (a.application_name like $1 or a.application_name = 'sluice worker')`,
    [`sluice/%/${pid}`],
  )
  return found.length > 0
}
