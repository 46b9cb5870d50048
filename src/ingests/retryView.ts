/** How the API shows a retry: the ledger's part once it has committed, Temporal's before. */
import { type Static, Type } from 'typebox'
import type { RetryInput } from '../domain/retry.ts'
import { retryWorkflowId } from '../domain/retry.ts'
import { count, orNull, time } from '../domain/schema.ts'
import { sluiceError } from '../errors.ts'
import { type RetryView, readRetry } from '../postgres/ledger/retries.ts'
import { servedQueues } from '../postgres/ledger/workers.ts'
import { viewWorkflow } from '../temporal/ingests.ts'
import { failureOf } from '../temporal/retries.ts'
import type { IngestsDeps } from './deps.ts'

export const RetryNow = Type.Object({
  id: Type.String({ description: 'Unique within the ingest, as in `retry-1`.' }),
  ingest: Type.String(),
  state: Type.Enum(['running', 'completed', 'failed']),
  upload: orNull(Type.String({ description: 'The corrections; null without any.' })),
  rowsTried: count('Always rowsLoaded + rowsRejected.'),
  rowsLoaded: count('Rejects that are in the target now.'),
  rowsRejected: count('Those that were refused again.'),
  rowsOpen: orNull(count('Rejects of the ingest that are still open.')),
  error: orNull(
    Type.Object({ code: Type.String(), message: Type.String(), hint: orNull(Type.String()) }),
  ),
  waiting: orNull(Type.String({ description: 'Which task queue no living worker serves.' })),
  startedAt: orNull(time('When the attempt that loaded it began.')),
  loadedAt: orNull(time('When its rows became visible in the target.')),
  links: Type.Object({ self: Type.String(), ingest: Type.String(), rejects: Type.String() }),
})
export type RetryNow = Static<typeof RetryNow>

type Key = Omit<RetryInput, 'upload'>

const linksOf = ({ ingestId, retryId }: Key) => {
  const ingest = `/v1/ingests/${ingestId}`
  return { self: `${ingest}/retries/${retryId}`, ingest, rejects: `${ingest}/rejects` }
}

const pending = (key: Key): RetryNow => ({
  id: key.retryId,
  ingest: key.ingestId,
  state: 'running',
  upload: null,
  rowsTried: 0,
  rowsLoaded: 0,
  rowsRejected: 0,
  rowsOpen: null,
  error: null,
  waiting: null,
  startedAt: null,
  loadedAt: null,
  links: linksOf(key),
})

export function showRetry(ingestId: string, view: RetryView): RetryNow {
  const { retryId, upload, rowsTried, rowsLoaded, rowsRejected, rowsOpen } = view
  return {
    ...pending({ ingestId, retryId }),
    state: 'completed',
    ...{ upload, rowsTried, rowsLoaded, rowsRejected, rowsOpen },
    startedAt: view.startedAt.toISOString(),
    loadedAt: view.loadedAt.toISOString(),
  }
}

/** @throws retry_not_found, temporal_unavailable */
export async function viewRetry({ db, temporal }: IngestsDeps, key: Key): Promise<RetryNow> {
  const done = await readRetry(db, key)
  if (done) return showRetry(key.ingestId, done)
  const workflow = await viewWorkflow(temporal, retryWorkflowId(key))
  if (!workflow) throw sluiceError('retry_not_found', key)
  if (workflow.status === 'RUNNING') {
    const served = await servedQueues(db)
    const isWaiting = !served.has(workflow.queue)
    const waiting = isWaiting ? `waiting for a worker on queue ${workflow.queue}` : null
    return { ...pending(key), waiting }
  }
  // It may have committed since we looked.
  const late = await readRetry(db, key)
  if (late) return showRetry(key.ingestId, late)
  const ended = `its workflow is ${workflow.status} in Temporal`
  const unknown = { code: 'unexpected', message: ended, hint: null }
  return {
    ...pending(key),
    state: 'failed',
    error: (await failureOf(temporal, retryWorkflowId(key))) ?? unknown,
  }
}
