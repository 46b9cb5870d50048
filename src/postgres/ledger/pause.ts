/** How the ledger shows that an ingest is paused, which verbs look at before they begin. */
import type { Db } from '../db.ts'
import { channels, notified } from '../notify.ts'

const stateOf = `case when $2 then 'paused' when started_at is null then 'queued' else 'running' end`

/** Records a pause or its end; an ingest that is over stays so. */
export async function setPaused(db: Db, ingestId: string, paused: boolean): Promise<void> {
  await db.query(
    `update sluice.ingests set state = ${stateOf} where ended_at is null and ingest_id = $1
     returning ${notified(channels.ingests, 'ingest_id')}`,
    [ingestId, paused],
  )
}

/** Numbers a pause or its end: of two that are under way at once, the one with more counts. */
export async function numberSteer(db: Db): Promise<number> {
  const { rows } = await db.query(`select nextval('sluice.steers') as order`)
  return rows[0].order
}

/**
 * Shows it at once, so that no verb begins that waits for a worker, and without waiting for one
 * that has the row locked. It must come before the workflow is told, whose mark comes last then.
 * @returns whether the ledger says it
 */
export async function showPaused(db: Db, ingestId: string, paused: boolean): Promise<boolean> {
  const { rowCount } = await db.query(
    `update sluice.ingests set state = ${stateOf}
     where ended_at is null and ingest_id in (
       select ingest_id from sluice.ingests where ingest_id = $1 for no key update skip locked)
     returning ${notified(channels.ingests, 'ingest_id')}`,
    [ingestId, paused],
  )
  return rowCount === 1
}
