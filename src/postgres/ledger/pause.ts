/** How the ledger shows that an ingest is paused, which verbs look at before they begin. */
import type { Db } from '../db.ts'

/** Records a pause or its end; an ingest that is over stays so. */
export async function setPaused(db: Db, ingestId: string, paused: boolean): Promise<void> {
  await db.query('update sluice.ingests set state = $2 where ingest_id = $1 and ended_at is null', [
    ingestId,
    paused ? 'paused' : 'running',
  ])
}

/**
 * The same at once, as soon as the workflow has been told, and without waiting for a verb that has
 * the row locked. The workflow writes it once more, in any case.
 */
export async function showPaused(db: Db, ingestId: string, paused: boolean): Promise<void> {
  await db.query(
    `update sluice.ingests
     set state = case when $2 then 'paused' when started_at is null then 'queued' else 'running' end
     where ended_at is null and ingest_id in (
       select ingest_id from sluice.ingests where ingest_id = $1 for no key update skip locked)`,
    [ingestId, paused],
  )
}
