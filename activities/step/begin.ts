/** What an attempt at a step reads before it begins, whether it is for one file or for several. */
import { enterPhase, mustBeActive } from '../../src/postgres/ledger/ingests.ts'
import {
  readStepTasks,
  type StepAttempt,
  type StepRange,
  type StepTasks,
} from '../../src/postgres/ledger/steps.ts'
import { type Attempt, mustNotBePaused, type VerbInput } from '../attempt/attempt.ts'
import { Receipts } from './receipts.ts'

export interface StepInput extends VerbInput {
  fileNo: number
  stepNo: number
  step: string
}

export interface Begun extends StepTasks {
  receipts: Receipts
}

/** Reads what is to be done. @throws ingest_paused unless all of it has been done before */
export async function beginStep(
  attempt: Attempt,
  input: StepInput,
  range: StepRange,
): Promise<Begun> {
  const { db, worker } = attempt
  const { ingestId, stepNo, step } = input
  const found = await readStepTasks(db, range)
  const { state, phase, tasks } = found
  mustBeActive(ingestId, found)
  if (tasks.some(({ finishedAt }) => !finishedAt)) mustNotBePaused(input, state)
  if (phase !== 'step') await enterPhase(db, ingestId, 'step')
  const receipts = new Receipts(attempt, { ingestId, stepNo, step, worker }, state)
  return { ...found, receipts }
}

export const attemptAt = (
  { worker, attemptNo }: Attempt,
  { ingestId, fileNo, stepNo, step }: StepInput,
): StepAttempt => ({
  ingestId,
  fileNo,
  stepNo,
  step,
  worker,
  attempt: attemptNo,
  startMs: performance.now(),
})
