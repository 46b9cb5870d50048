/** Pauses, resumes or cancels an ingest, also one that has no workflow to hear it. */
import { isOver } from '../domain/words.ts'
import { sluiceError } from '../errors.ts'
import { readIngest } from '../postgres/ledger/ingests.ts'
import { showPaused } from '../postgres/ledger/pause.ts'
import { type Steer, steerIngest, viewWorkflow } from '../temporal/ingests.ts'
import { abandon } from './abandon.ts'
import type { IngestsDeps } from './deps.ts'

export type { Steer }

const timeoutMs = 10_000

/** @throws ingest_not_found, ingest_ended, temporal_unavailable */
export async function steer(deps: IngestsDeps, ingestId: string, what: Steer): Promise<void> {
  const { db, temporal } = deps
  const before = await readIngest(db, ingestId)
  if (isOver(before.state)) throw sluiceError('ingest_ended', { ingestId, state: before.state })
  const isHeard = await temporal.withDeadline(Date.now() + timeoutMs, async () => {
    const isSent = await steerIngest(temporal, ingestId, what)
    // A cancel is accepted also by a workflow that has ended.
    return isSent && (await viewWorkflow(temporal, ingestId))?.status === 'RUNNING'
  })
  // A cancel ends it, which the sweep records.
  if (isHeard && what !== 'cancel') await showPaused(db, ingestId, what === 'pause')
  if (isHeard) return
  // It ended a moment ago, perhaps by our word, or it has no workflow that could hear us.
  const { state } = await readIngest(db, ingestId)
  if (what === 'cancel') return isOver(state) ? undefined : abandon(deps, ingestId)
  throw sluiceError('ingest_ended', {
    ingestId,
    state: isOver(state) ? state : 'it has no running workflow, and can only be cancelled',
  })
}
