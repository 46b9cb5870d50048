/** How a run begins and ends, whatever became of its ingest. */
import {
  type ApplicationFailure,
  allHandlersFinished,
  CancellationScope,
  condition,
  isCancellation,
} from '@temporalio/workflow'
import type { IngestInput, Progress } from '../src/domain/ingestInput.ts'
import type { Outcome } from '../src/domain/words.ts'
import { causeOf } from './cause.ts'
import { refusalOf, refused } from './refuse.ts'
import { sweepOf } from './verbs.ts'

/** A client that paused or resumed it gets an answer. Most ingests have none, and need no scope. */
export async function handlersFinished(): Promise<void> {
  if (allHandlersFinished()) return
  await CancellationScope.nonCancellable(() => condition(allHandlersFinished))
}

/** Nothing of the input is used. If the ledger has the ingest, it is over. */
export async function refuse(ingestId: string, problem: string): Promise<never> {
  const outcome: Outcome = { state: 'failed', error: refusalOf(problem) }
  await end(ingestId, {}, outcome).catch(() => {})
  throw refused(problem)
}

export const end = (
  ingestId: string,
  input: Pick<IngestInput, 'heartbeatMs'>,
  outcome: Outcome,
): Promise<void> => CancellationScope.nonCancellable(() => sweepOf(input)({ ingestId, outcome }))

const codeOf = (error: unknown): string | null | undefined =>
  (causeOf(error) as ApplicationFailure).type

/** Ends an ingest that failed, or was cancelled. @throws why */
export async function fail(
  ingestId: string,
  input: Pick<IngestInput, 'heartbeatMs'>,
  error: unknown,
): Promise<never> {
  await end(ingestId, input, outcomeOf(error)).catch((untold) => {
    // The workflow was started by hand, with the id of an ingest that the ledger does not have.
    throw codeOf(untold) === 'ingest_not_found' ? causeOf(error) : untold
  })
  await handlersFinished()
  throw causeOf(error)
}

function outcomeOf(error: unknown): Outcome {
  if (isCancellation(error)) return { state: 'cancelled', error: null }
  const cause = causeOf(error)
  const details = (cause as ApplicationFailure).details?.[0] as { hint?: string } | undefined
  const code = (cause as ApplicationFailure).type ?? 'unexpected'
  return { state: 'failed', error: { code, message: cause.message, hint: details?.hint ?? null } }
}

export const beginning = (): Progress => ({
  phase: 'list',
  next: 0,
  files: 0,
  lots: 0,
  units: 0,
  records: 0,
  loaded: 0,
  rowsLoaded: 0,
  rowsRejected: 0,
  paused: false,
})
