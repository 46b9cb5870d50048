/**
 * Sessions of ingests that nobody waits for any more.
 *
 * Every load and publish carries its name as `application_name`, so they can be found in
 * `pg_stat_activity`, by people as well.
 */
import type { Connection, Db } from './db.ts'
import { ingestHash } from './landing.ts'

/** `what` and the process that does it; at most 63 bytes, PostgreSQL cuts off the rest. */
export const sessionName = (ingestId: string, what: string): string =>
  `${prefix(ingestId, what)}${process.pid}`

const prefix = (ingestId: string, what: string): string => `sluice/${ingestHash(ingestId)}/${what}/`

/** Ends every session of the ingest. What they did not commit is rolled back. */
export async function endSessions(db: Db | Connection, ingestId: string): Promise<number> {
  const { rowCount } = await db.query(
    `select pg_terminate_backend(pid, 2000) from pg_stat_activity
     where application_name like $1 and pid <> pg_backend_pid()`,
    [`sluice/${ingestHash(ingestId)}/%`],
  )
  return rowCount ?? 0
}

const patienceMs = 2000

/**
 * Runs `lock`, and when it waits longer than two seconds for an earlier attempt at the same,
 * ends that attempt's backend. Whichever of the two commits first has won; the other is undone.
 */
export async function lockPastZombies<T>(
  db: Db,
  tx: Connection,
  { ingestId, what }: { ingestId: string; what: string },
  lock: () => Promise<T>,
): Promise<T> {
  const waiting = (tx as unknown as { processID: number }).processID
  const timer = setInterval(() => {
    db.query(
      `select pg_terminate_backend(a.pid)
       from unnest(pg_blocking_pids($1)) as blocking (pid)
       join pg_stat_activity a using (pid) where a.application_name like $2`,
      [waiting, `${prefix(ingestId, what)}%`],
    ).catch(() => {}) // The next tick tries again; if the database is gone, `lock` says so.
  }, patienceMs)
  try {
    return await lock()
  } finally {
    clearInterval(timer)
  }
}
