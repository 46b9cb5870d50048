/** The ledger's table of workers: their names, their tasks, and when they were last seen. */
import { goneAfterMs, type WorkerReport, type WorkerState } from '../../domain/worker.ts'
import type { Db } from '../db.ts'

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

export interface WorkerView extends WorkerIdentity, Omit<WorkerReport, 'state'> {
  /** gone: it left in order (`stoppedAt`), or fell silent (`seenAt`). */
  state: WorkerState | 'gone'
  startedAt: Date
  seenAt: Date
  stoppedAt: Date | null
  /** How long ago it was seen, by the clock of the database. */
  silentMs: number
}

const keptFor = '1 day'

/** Enters a worker, and forgets those that have been gone for a day. */
export async function enterWorker(
  db: Db,
  identity: WorkerIdentity,
  report: WorkerReport,
): Promise<void> {
  await db.query('delete from sluice.workers where seen_at < now() - $1::interval', [keptFor])
  await db.query(
    `insert into sluice.workers
       (instance, worker, host, pid, version, app, steps, state, queues, tasks, totals, rss_bytes, cpu)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
    [
      identity.instance,
      identity.worker,
      identity.host,
      identity.pid,
      identity.version,
      identity.app,
      identity.steps,
      ...columnsOf(report),
    ],
  )
}

/**
 * Writes what the worker says of itself now.
 * @returns false when it was silent for so long that it was forgotten
 */
export async function reportWorker(
  db: Db,
  instance: string,
  report: WorkerReport,
): Promise<boolean> {
  const { rowCount } = await db.query(
    `update sluice.workers
     set state = $2, queues = $3, tasks = $4, totals = $5, rss_bytes = $6, cpu = $7,
         seen_at = now()
     where instance = $1`,
    [instance, ...columnsOf(report)],
  )
  return rowCount === 1
}

const columnsOf = ({ state, queues, tasks, totals, rssBytes, cpu }: WorkerReport) => [
  state,
  JSON.stringify(queues),
  JSON.stringify(tasks),
  JSON.stringify(totals),
  rssBytes,
  cpu,
]

/** The worker has left in order: it has nothing in hand. */
export async function leaveWorker(db: Db, instance: string): Promise<void> {
  await db.query(
    `update sluice.workers set stopped_at = now(), seen_at = now(), tasks = '[]' where instance = $1`,
    [instance],
  )
}

/** All workers, living ones first, then by name. */
export async function listWorkers(db: Db): Promise<WorkerView[]> {
  const { rows } = await db.query<WorkerView>(
    `select instance, worker, host, pid, version, app, steps, queues, tasks, totals,
            rss_bytes as "rssBytes", cpu, started_at as "startedAt", seen_at as "seenAt",
            stopped_at as "stoppedAt",
            (extract(epoch from now() - seen_at) * 1000)::integer as "silentMs",
            case when stopped_at is not null or seen_at < now() - $1 * interval '1 ms' then 'gone'
                 else state end as state
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
     where state = 'running' and stopped_at is null and seen_at >= now() - $1 * interval '1 ms'`,
    [goneAfterMs],
  )
  return new Set(rows.map(({ queue }) => queue))
}
