/** An ingest as it is now: the ledger's part, and what Temporal knows until it has ended. */
import { messageOf } from '../errors.ts'
import { type IngestView, isOver, viewIngest } from '../postgres/ingests.ts'
import { viewWorkflow, type WorkflowView } from '../temporal/ingests.ts'
import type { ApiDeps } from './deps.ts'
import { type IngestNow, showIngest } from './view.ts'

const lookTimeoutMs = 2000
/** Between entering an ingest and starting its workflow. */
const startingMs = 15_000

/** What Temporal says of an ingest; null when it does not answer. */
export type Look = (Omit<WorkflowView, 'runId'> & { runId: string | null }) | null

const notFound: Look = { status: 'NOT_FOUND', runId: null, historyEvents: 0, retrying: [] }

export async function look({ temporal, log }: ApiDeps, ingestId: string): Promise<Look> {
  try {
    const deadline = Date.now() + lookTimeoutMs
    const found = await temporal.withDeadline(deadline, () => viewWorkflow(temporal, ingestId))
    return found ?? notFound
  } catch (error) {
    // The ledger's part of the answer is worth having by itself.
    log.debug({ event: 'no look' }, `Temporal does not answer: ${messageOf(error)}`)
    return null
  }
}

export function showNow(deps: ApiDeps, view: IngestView, found: Look): IngestNow {
  const ingest = showIngest(deps, view)
  if (isOver(view.state) || !found) {
    return { ...ingest, workflow: null, retrying: [], problem: null }
  }
  const { retrying, ...workflow } = found
  return { ...ingest, workflow, retrying, problem: problemOf(view, found.status) }
}

/** The ledger says that it goes on, and Temporal that it does not. */
function problemOf({ state, createdAt }: IngestView, status: string): string | null {
  if (status === 'RUNNING') return null
  if (status !== 'NOT_FOUND') {
    return `Its workflow is ${status} in Temporal, so it will not go on. Cancel it to clean up.`
  }
  if (Date.now() - createdAt.getTime() < startingMs) return null
  const remedy =
    state === 'queued' ? 'Send the same spec again to start it, or cancel it.' : 'Cancel it.'
  return `Temporal has no workflow of this ingest. ${remedy}`
}

/** @throws ingest_not_found */
export async function viewNow(deps: ApiDeps, ingestId: string): Promise<IngestNow> {
  const view = await viewIngest(deps.db, ingestId)
  if (isOver(view.state)) return showNow(deps, view, null)
  const found = await look(deps, ingestId)
  // It may have ended while Temporal was asked.
  const settled = found?.status === 'RUNNING' ? view : await viewIngest(deps.db, ingestId)
  return showNow(deps, settled, found)
}
