/** Ends an ingest that has no workflow to end it: never started, terminated, or deleted. */
import { parseTableName } from '../domain/table.ts'
import { sluiceError } from '../errors.ts'
import { transaction } from '../postgres/db.ts'
import { isOver, lockIngest, recordEnd } from '../postgres/ingests.ts'
import { dropTable, landingName } from '../postgres/landing.ts'
import { endSessions } from '../postgres/sessions.ts'
import type { ApiDeps } from './deps.ts'

/**
 * What the sweep verb does, for want of a workflow that could call it. A late attempt that is
 * still running somewhere finds the ingest at an end, and writes nothing.
 * @throws ingest_not_found, ingest_ended
 */
export async function abandon({ db, stage }: ApiDeps, ingestId: string): Promise<void> {
  await endSessions(db, ingestId)
  await transaction(db, async (tx) => {
    const { spec, state, publishedAt } = await lockIngest(tx, ingestId)
    if (isOver(state)) throw sluiceError('ingest_ended', { ingestId, state })
    await dropTable(tx, landingName(ingestId, parseTableName(spec.target.table)))
    // A publish that committed has happened, whatever became of its workflow.
    const end = publishedAt ? 'completed' : 'cancelled'
    await recordEnd(tx, ingestId, { state: end, error: null })
  })
  await stage.clear(ingestId)
}
