/** An ingest as it is now: the ledger's part, and what Temporal knows until it has ended. */
import { isOver } from '../domain/words.ts'
import { messageOf } from '../errors.ts'
import { type IngestProgress, viewIngest, viewProgress } from '../postgres/ledger/views.ts'
import { servedQueues } from '../postgres/ledger/workers.ts'
import { shownSource } from '../sources/index.ts'
import { type PendingTask, viewWorkflow } from '../temporal/ingests.ts'
import type { IngestsDeps } from './deps.ts'
import { type IngestEvent, type IngestNow, showIngest } from './view.ts'

const probeTimeoutMs = 2000
/** Between entering an ingest and starting its workflow. */
const startingMs = 15_000

/** What Temporal says of an ingest, and which workers could do its work; null if unanswered. */
export type Probe = {
  workflow: { status: string; runId: string | null; historyEvents: number }
  /** Activities that wait for a worker, or are in the hands of one. */
  pending: PendingTask[]
  /** The task queue of the workflow. */
  queue: string | null
  /** Task queues that living workers serve. */
  served: ReadonlySet<string>
} | null

const notFound = { status: 'NOT_FOUND', runId: null, historyEvents: 0, pending: [], queue: null }

export async function probe({ temporal, db, log }: IngestsDeps, ingestId: string): Promise<Probe> {
  try {
    const deadline = Date.now() + probeTimeoutMs
    const [found, served] = await Promise.all([
      temporal.withDeadline(deadline, () => viewWorkflow(temporal, ingestId)),
      servedQueues(db),
    ])
    const { pending, queue, ...workflow } = found ?? notFound
    return { workflow, pending, queue, served }
  } catch (error) {
    // The ledger's part of the answer is worth having by itself.
    log.debug({ event: 'no look' }, `Temporal does not answer: ${messageOf(error)}`)
    return null
  }
}

export function showCurrent(deps: IngestsDeps, view: IngestProgress, found: Probe): IngestEvent {
  const { notes, checks, targets, ...summary } = view
  const ingest = { ...showIngest(deps, summary), notes, checks, targets }
  if (isOver(view.state) || !found) {
    return { ...ingest, workflow: null, retrying: [], waiting: null, problem: null }
  }
  const { workflow, pending } = found
  const retrying = pending.flatMap(({ activity, attempt, error }) =>
    error === null ? [] : [{ activity, attempt, error }],
  )
  const problem = problemOf(view, workflow.status)
  return { ...ingest, workflow, retrying, waiting: waitingOf(view, found), problem }
}

/** A paused workflow has nothing to do; activities that it asked for before still wait. */
function waitingOf({ state }: IngestProgress, found: NonNullable<Probe>): string | null {
  const { workflow, pending, queue, served } = found
  if (workflow.status !== 'RUNNING') return null
  const needed = pending.filter(({ isStarted }) => !isStarted).map((task) => task.queue)
  if (queue !== null && state !== 'paused') needed.unshift(queue)
  const missing = [...new Set(needed)].filter((name) => !served.has(name))
  if (missing.length === 0) return null
  return `waiting for a worker on queue ${missing.join(', ')}`
}

/** The ledger says that it goes on, and Temporal that it does not. */
function problemOf({ state, createdAt, partOf }: IngestProgress, status: string): string | null {
  if (status === 'RUNNING') return null
  // Its rows wait for those of the other targets, or it waits for its turn.
  if (partOf !== null) return null
  if (status !== 'NOT_FOUND') {
    return `Its workflow is ${status} in Temporal, so it will not go on. Cancel it to clean up.`
  }
  if (Date.now() - createdAt.getTime() < startingMs) return null
  const remedy =
    state === 'queued'
      ? 'The janitor starts it within minutes. Or send the same spec again, or cancel it.'
      : 'Cancel it.'
  return `Temporal has no workflow of this ingest. ${remedy}`
}

/** @throws ingest_not_found */
export async function viewCurrent(deps: IngestsDeps, ingestId: string): Promise<IngestNow> {
  const { spec: kept, ...view } = await viewIngest(deps.db, ingestId)
  const spec = { ...kept, source: shownSource(kept.source) }
  if (isOver(view.state)) return { ...showCurrent(deps, view, null), spec }
  const found = await probe(deps, ingestId)
  // It may have ended while Temporal was asked.
  const isRunning = found?.workflow.status === 'RUNNING'
  const settled = isRunning ? view : await viewProgress(deps.db, ingestId)
  return { ...showCurrent(deps, settled, found), spec }
}
