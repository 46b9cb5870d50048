/** What is under way, over all ingests: how many, which ones, and the task queues they need. */
import type { State } from '../../domain/words.ts'
import type { Db } from '../db.ts'

export async function countIngests(db: Db): Promise<Map<State, number>> {
  const { rows } = await db.query(
    'select state, count(*) as ingests from sluice.ingests group by state',
  )
  return new Map(rows.map(({ state, ingests }) => [state, ingests]))
}

/** Ingests that have not ended, the newest first. */
export async function listUnderWay(db: Db, limit: number): Promise<string[]> {
  const { rows } = await db.query(
    `select ingest_id as id from sluice.ingests where ended_at is null
     order by created_at desc, ingest_id desc limit $1`,
    [limit],
  )
  return rows.map(({ id }) => id)
}

/** A task queue that ingests need, or may need, whether a worker serves it or not. */
export interface NeededQueue {
  queue: string
  /** Ingests under way that it belongs to. */
  ingests: number
}

/** Those of ingests under way and their routes, and those of the steps that apps have defined. */
export async function neededQueues(db: Db): Promise<NeededQueue[]> {
  const { rows } = await db.query(
    `select queue, sum(ingests)::bigint as ingests
     from (
       select coalesce(queue, spec ->> 'queue') as queue, count(*) as ingests
       from sluice.ingests where ended_at is null group by 1
       union all
       select route ->> 'queue', 0
       from sluice.ingests, jsonb_path_query(routes, '$[*]') as route where ended_at is null
       union all
       select queue, 0 from sluice.step_definitions
     ) as needed
     where queue is not null group by queue order by queue`,
  )
  return rows
}
