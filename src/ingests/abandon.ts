/** Ends an ingest that has no workflow to end it: never started, terminated, or deleted. */
import { isOver } from '../domain/words.ts'
import { sluiceError } from '../errors.ts'
import { transaction } from '../postgres/db.ts'
import { endIngest } from '../postgres/ledger/end.ts'
import { lockIngest } from '../postgres/ledger/ingests.ts'
import { listParts } from '../postgres/ledger/parts.ts'
import { endSessions } from '../postgres/sessions.ts'
import type { IngestsDeps } from './deps.ts'

/**
 * What the sweep verb does, for want of a workflow that could call it. A late attempt that is
 * still running somewhere finds the ingest at an end, and writes nothing.
 * @throws ingest_not_found, ingest_ended
 */
export async function abandon(deps: IngestsDeps, ingestId: string): Promise<void> {
  const { db, stage } = deps
  await endSessions(db, ingestId)
  for (const part of await listParts(db, ingestId)) {
    if (!isOver(part.state)) await abandon(deps, part.ingestId)
  }
  await transaction(db, async (tx) => {
    const entry = await lockIngest(tx, ingestId)
    if (isOver(entry.state)) throw sluiceError('ingest_ended', { ingestId, state: entry.state })
    await endIngest(tx, ingestId, entry, { state: 'cancelled', error: null })
  })
  await stage.clear(ingestId)
}
