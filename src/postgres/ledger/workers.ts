/** The ledger's table of workers: their names, their tasks, and when they were last seen. */
import {
  type Death,
  goneAfterMs,
  type WorkerReport,
  type WorkerState,
} from '../../domain/worker.ts'
import type { Connection, Db } from '../db.ts'
import type { Backend } from '../ownSession.ts'

/** What a worker is, for as long as it lives. */
export interface WorkerIdentity {
  /** A UUID, new with every process. */
  instance: string
  /** Its Temporal identity. */
  worker: string
  host: string
  pid: number
  version: string
  app: string | null
  steps: string[]
}

export interface WorkerView extends WorkerIdentity, Omit<WorkerReport, 'state' | 'tokens'> {
  /** gone: it left in order (`stoppedAt`), was found dead, or fell silent (`seenAt`). */
  state: WorkerState | 'gone'
  startedAt: Date
  seenAt: Date
  stoppedAt: Date | null
  /** The last time that another worker took it for dead; it may have spoken since. */
  death: Death | null
  /** How long ago it was seen, by the clock of the database. */
  silentMs: number
}

const keptFor = '1 day'

/** Enters a worker, and forgets those that have been gone for a day. */
export async function enterWorker(
  db: Db | Connection,
  identity: WorkerIdentity,
  { report, backend }: { report: WorkerReport; backend: Backend | null },
): Promise<void> {
  await db.query('delete from sluice.workers where seen_at < now() - $1::interval', [keptFor])
  await db.query(
    `insert into sluice.workers
       (instance, worker, host, pid, version, app, steps, state, queues, tasks, tokens, totals,
        rss_bytes, cpu, backend_pid, backend_start)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`,
    [
      identity.instance,
      identity.worker,
      identity.host,
      identity.pid,
      identity.version,
      identity.app,
      identity.steps,
      ...columnsOf(report),
      backend?.pid,
      backend?.start,
    ],
  )
}

/**
 * Writes what the worker says of itself now.
 * @returns how it was found dead, if another worker took it for dead since it spoke last; undefined
 *   when it was silent for so long that it was forgotten
 */
export async function reportWorker(
  db: Connection,
  instance: string,
  { report, backend }: { report: WorkerReport; backend: Backend | null },
): Promise<Death | null | undefined> {
  const { rows } = await db.query(
    `with before as (
       select instance, dead_at, death from sluice.workers where instance = $1 for update
     )
     update sluice.workers w
     set state = $2, queues = $3, tasks = $4, tokens = $5, totals = $6, rss_bytes = $7, cpu = $8,
         backend_pid = $9, backend_start = $10, seen_at = now(), dead_at = null
     from before where w.instance = before.instance
     returning case when before.dead_at is not null then before.death end as death`,
    [instance, ...columnsOf(report), backend?.pid, backend?.start],
  )
  return rows[0]?.death
}

const columnsOf = ({ state, queues, tasks, tokens, totals, rssBytes, cpu }: WorkerReport) => [
  state,
  JSON.stringify(queues),
  JSON.stringify(tasks),
  tokens,
  JSON.stringify(totals),
  rssBytes,
  cpu,
]

/** Writes what the worker has in hand, in between: others give that on when it dies. */
export async function reportTasks(
  db: Connection,
  instance: string,
  { tasks, tokens }: Pick<WorkerReport, 'tasks' | 'tokens'>,
): Promise<void> {
  await db.query(
    'update sluice.workers set tasks = $2, tokens = $3 where instance = $1 and dead_at is null',
    [instance, JSON.stringify(tasks), tokens],
  )
}

/** The worker has left in order: it has nothing in hand. */
export async function leaveWorker(db: Connection, instance: string): Promise<void> {
  await db.query(
    `update sluice.workers
     set stopped_at = now(), seen_at = now(), tasks = '[]', tokens = '{}' where instance = $1`,
    [instance],
  )
}

/** In SQL: whether a worker speaks no more, with the time of `goneAfterMs` as $1. */
const isGone =
  "(stopped_at is not null or dead_at is not null or seen_at < now() - $1 * interval '1 ms')"

/** All workers, living ones first, then by name. */
export async function listWorkers(db: Db): Promise<WorkerView[]> {
  const { rows } = await db.query<WorkerView>(
    `select instance, worker, host, pid, version, app, steps, queues, tasks, totals,
            rss_bytes as "rssBytes", cpu, started_at as "startedAt", seen_at as "seenAt",
            stopped_at as "stoppedAt", death,
            (extract(epoch from now() - seen_at) * 1000)::integer as "silentMs",
            case when ${isGone} then 'gone' else state end as state
     from sluice.workers order by (stopped_at is null) desc, worker, started_at`,
    [goneAfterMs],
  )
  return rows
}

/** Task queues that living workers take tasks from. */
export async function servedQueues(db: Db): Promise<Set<string>> {
  const { rows } = await db.query(
    `select distinct q ->> 'queue' as queue
     from sluice.workers, jsonb_array_elements(queues) as q
     where state = 'running' and not ${isGone}`,
    [goneAfterMs],
  )
  return new Set(rows.map(({ queue }) => queue))
}
