/** Pauses, resumes or cancels an ingest, also one that has no workflow to hear it. */
import { isOver, type State } from '../domain/words.ts'
import { type SluiceError, sluiceError } from '../errors.ts'
import { readIngest } from '../postgres/ledger/ingests.ts'
import { numberSteer, showPaused } from '../postgres/ledger/pause.ts'
import { servedQueues } from '../postgres/ledger/workers.ts'
import { askIngest, type Steer, steerIngest, viewWorkflow } from '../temporal/ingests.ts'
import { abandon } from './abandon.ts'
import type { IngestsDeps } from './deps.ts'

export type { Steer }

const timeoutMs = 10_000
/** A worker that lives takes it up within moments; one that died a moment ago does not. */
const acceptMs = 5000
/** The mark waits for a slot of a worker, and for a verb that has the ingest locked. */
const markMs = 2000
const markMsMax = 5000

/**
 * @returns whether it holds: its workflow has taken it up, and the ledger says so. Otherwise it
 *   will, once a worker takes it up or the verb at work has ended.
 * @throws ingest_not_found, ingest_ended, temporal_unavailable
 */
export async function steer(deps: IngestsDeps, ingestId: string, what: Steer): Promise<boolean> {
  const { state } = await readIngest(deps.db, ingestId)
  if (isOver(state)) throw ended(ingestId, state)
  return what === 'cancel' ? cancel(deps, ingestId) : pause(deps, ingestId, what)
}

async function cancel(deps: IngestsDeps, ingestId: string): Promise<boolean> {
  const { db, temporal } = deps
  const isHeard = await temporal.withDeadline(Date.now() + timeoutMs, async () => {
    const isSent = await steerIngest(temporal, ingestId, 'cancel')
    // A cancel is accepted also by a workflow that has ended.
    return isSent && (await viewWorkflow(temporal, ingestId))?.status === 'RUNNING'
  })
  // The sweep records the end.
  const stateNow = async () => (await readIngest(db, ingestId)).state
  if (!isHeard && !isOver(await stateNow())) await abandon(deps, ingestId)
  return isOver(await stateNow())
}

async function pause(
  deps: IngestsDeps,
  ingestId: string,
  what: 'pause' | 'resume',
): Promise<boolean> {
  const { db, temporal } = deps
  const within = <T>(call: () => Promise<T>) => temporal.withDeadline(Date.now() + timeoutMs, call)
  const workflow = await within(() => viewWorkflow(temporal, ingestId))
  if (workflow?.status !== 'RUNNING') throw await endedNow(deps, ingestId)
  const served = await servedQueues(db)
  const order = await numberSteer(db)
  const isShown = await showPaused(db, ingestId, what === 'pause')
  let answer = served.has(workflow.queue)
    ? await askIngest(temporal, ingestId, what, {
        order,
        acceptMs,
        markMs: isShown ? markMs : markMsMax,
      })
    : 'unanswered'
  if (answer === 'unanswered') {
    const isSent = await within(() => steerIngest(temporal, ingestId, what, order))
    if (!isSent) answer = 'ended'
  }
  if (answer === 'ended') throw await endedNow(deps, ingestId)
  const { state } = await readIngest(db, ingestId)
  const isMet = answer === 'marked' || (answer === 'accepted' && isShown)
  // One that was resumed may have ended since; one that ended was not paused.
  if (isOver(state) && !(isMet && what === 'resume')) throw ended(ingestId, state)
  return isMet
}

/** It ended a moment ago, or it has no workflow that could hear us. */
async function endedNow({ db }: IngestsDeps, ingestId: string): Promise<SluiceError> {
  const { state } = await readIngest(db, ingestId)
  return ended(
    ingestId,
    isOver(state) ? state : 'it has no running workflow, and can only be cancelled',
  )
}

const ended = (ingestId: string, state: State | string): SluiceError =>
  sluiceError('ingest_ended', { ingestId, state })
