/** Pause, resume, cancel. */
import { sluiceError } from '../../errors.ts'
import { isOver, readIngest } from '../../postgres/ledger/ingests.ts'
import { showPaused } from '../../postgres/ledger/pause.ts'
import { type Steer, steerIngest, viewWorkflow } from '../../temporal/ingests.ts'
import type { ApiDeps, App } from '../deps.ts'
import { abandon } from '../ingests/abandon.ts'
import { viewNow } from '../ingests/now.ts'
import { IngestNow } from '../ingests/view.ts'
import { IngestParams, problems } from '../schemas.ts'

const timeoutMs = 10_000

const steers: Record<Steer, string> = {
  pause: 'Begins no more units, and publishes nothing; units that a worker has begun end.',
  resume: 'Goes on where it was paused.',
  cancel: 'Ends loads under way and drops the landing table; the target stays as it was.',
}

export const steering = (deps: ApiDeps) => async (app: App) => {
  for (const [steer, description] of Object.entries(steers) as [Steer, string][]) {
    app.post(`/v1/ingests/:id/${steer}`, {
      schema: {
        tags: ['ingests'],
        summary: `${steer[0]?.toUpperCase()}${steer.slice(1)} an ingest`,
        description,
        params: IngestParams,
        response: {
          202: IngestNow,
          ...problems('ingest_not_found', 'ingest_ended', 'temporal_unavailable'),
        },
      },
      handler: async ({ params: { id } }, reply) => {
        await steerOrEnd(deps, id, steer)
        return reply.code(202).send(await viewNow(deps, id))
      },
    })
  }
}

/** @throws ingest_not_found, ingest_ended, temporal_unavailable */
async function steerOrEnd(deps: ApiDeps, ingestId: string, steer: Steer): Promise<void> {
  const { db, temporal } = deps
  const before = await readIngest(db, ingestId)
  if (isOver(before.state)) throw sluiceError('ingest_ended', { ingestId, state: before.state })
  const isHeard = await temporal.withDeadline(Date.now() + timeoutMs, async () => {
    const isSent = await steerIngest(temporal, ingestId, steer)
    // A cancel is accepted also by a workflow that has ended.
    return isSent && (await viewWorkflow(temporal, ingestId))?.status === 'RUNNING'
  })
  // A cancel ends it, which the sweep records.
  if (isHeard && steer !== 'cancel') await showPaused(db, ingestId, steer === 'pause')
  if (isHeard) return
  // It ended a moment ago, perhaps by our word, or it has no workflow that could hear us.
  const { state } = await readIngest(db, ingestId)
  if (steer === 'cancel') return isOver(state) ? undefined : abandon(deps, ingestId)
  throw sluiceError('ingest_ended', {
    ingestId,
    state: isOver(state) ? state : 'it has no running workflow, and can only be cancelled',
  })
}
