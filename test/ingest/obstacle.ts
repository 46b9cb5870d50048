/** Holds a worker up in the middle of a transaction, so that it can be killed there. */
import pg from 'pg'
import { type Harness, until, type WorkerProcess } from '../harness.ts'

const lock = 7

/** Waits for an advisory lock in the middle of a statement on some table. */
export const obstacle = (table: string, when: string, condition = 'true') => `
  create or replace function obstacle() returns trigger language plpgsql as
    $$ begin perform pg_advisory_xact_lock(${lock}); return coalesce(new, old); end $$;
  create trigger obstacle before ${when} on ${table} for each row
    when (${condition}) execute function obstacle()`

/** Holds the lock until it is let go. */
async function hold(harness: Harness): Promise<() => Promise<void>> {
  const holder = new pg.Client({ connectionString: harness.databaseUrl })
  await holder.connect()
  // The database goes before a test that has failed lets go of it.
  holder.on('error', () => {})
  await holder.query(`select pg_advisory_lock(${lock})`)
  return () => holder.end()
}

/** How many sessions of the worker wait; some statements are in a transaction without a name. */
async function waiting(harness: Harness, pid: number): Promise<number> {
  const { rowCount } = await harness.db.query(
    `select from pg_stat_activity a join pg_locks l using (pid)
     where a.datname = current_database() and not l.granted and l.locktype = 'advisory'
       and (a.application_name like $1 or a.application_name = 'sluice worker')`,
    [`sluice/%/${pid}`],
  )
  return rowCount ?? 0
}

export async function noSession(harness: Harness): Promise<void> {
  const over = async () => {
    const { rowCount } = await harness.db.query(
      `select from pg_stat_activity
       where datname = current_database() and application_name like 'sluice/%'`,
    )
    return rowCount === 0
  }
  await until(over, { what: 'the end of every session', timeoutMs: 20_000 })
}

interface Killing {
  obstacles?: number
  /** Starts the other worker. */
  next?: () => Promise<unknown>
}

/** Kills the worker while it waits for obstacles, and lets another one finish. */
export async function killThere(
  harness: Harness,
  victim: WorkerProcess,
  begin: () => Promise<void>,
  { obstacles = 1, next = () => harness.startWorker() }: Killing = {},
): Promise<void> {
  const letGo = await hold(harness)
  await begin()
  const areReached = async () => (await waiting(harness, victim.pid)) >= obstacles
  await until(areReached, { what: 'the obstacles', worker: victim })
  victim.kill('SIGKILL')
  await victim.exited
  await next()
  await letGo()
}

export const counted = (table: string) => `
  select count(*) as rows, count(distinct n) as ids, i.rows_loaded as loaded, i.rows_rejected as rejected,
         (select array[sum(rows_read), sum(rows_loaded), sum(rows_rejected)]::int[]
          from sluice.units where ingest_id = $1) as receipts,
         (select count(*) from sluice.rejects where ingest_id = $1 and loaded_at is null) as open,
         (select count(*) from sluice.retries where ingest_id = $1) as retries
  from sluice.ingests i left join ${table} on true where ingest_id = $1 group by i.ingest_id`
