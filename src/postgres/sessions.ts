/**
 * Database sessions of attempts that no workflow waits for any more.
 *
 * Every load and publish carries its name as `application_name`, so they can be found in
 * `pg_stat_activity`, by people as well.
 */
import { type Connection, type Db, transaction } from './db.ts'
import { sessionName, sessionsOf, sessionsOfWhat } from './names.ts'

/**
 * Ends every session of the ingest. What they did not commit is rolled back.
 * @param options.except a verb whose sessions may go on
 */
export async function endSessions(
  db: Db | Connection,
  ingestId: string,
  { except = '' }: { except?: string } = {},
): Promise<number> {
  const { rowCount } = await db.query(
    `select pg_terminate_backend(pid, 2000) from pg_stat_activity
     where application_name like $1 and application_name not like $2 and pid <> pg_backend_pid()`,
    [sessionsOf(ingestId), sessionsOfWhat(ingestId, except)],
  )
  return rowCount ?? 0
}

export interface Deed {
  ingestId: string
  /** A verb, and the unit if there is one. */
  what: string
  /** Set for loads only: the landing table numbers its rows by it. */
  unitNo?: number
  signal: AbortSignal
}

/**
 * A transaction that only one attempt at a deed can be in.
 *
 * `lock` waits for an earlier attempt that the Temporal server gave up on. If that takes longer
 * than two seconds, the earlier attempt's backend is ended. Whichever of the two commits first has
 * won, and `lock` reads what it did; the other one is undone.
 */
export const alone = <E, T>(
  db: Db,
  { ingestId, what, unitNo, signal }: Deed,
  lock: (tx: Connection) => Promise<E>,
  work: (tx: Connection, entry: E) => Promise<T>,
): Promise<T> =>
  transaction(
    db,
    async (tx, pid) => {
      const stop = endZombies(db, pid, sessionsOfWhat(ingestId, what))
      const entry = await lock(tx).finally(stop)
      return work(tx, entry)
    },
    { name: sessionName(ingestId, what), unitNo, signal },
  )

const patienceMs = 2000

/** @returns stops it */
function endZombies(db: Db, waiting: number, names: string): () => void {
  const timer = setInterval(() => {
    db.query(
      `select pg_terminate_backend(a.pid)
       from unnest(pg_blocking_pids($1)) as blocking (pid)
       join pg_stat_activity a using (pid) where a.application_name like $2`,
      [waiting, names],
    ).catch(() => {}) // The next tick tries again; if the database is gone, `lock` says so.
  }, patienceMs)
  return () => clearInterval(timer)
}
