/**
 * step: one of the user's steps on one staged file.
 *
 * It runs as often as workers die under it, and counts once: its result and the file that it made
 * come into the ledger in one transaction, which a later attempt finds.
 */
import { randomUUID } from 'node:crypto'
import { messageOf, sluiceError } from '../src/errors.ts'
import { enterPhase, mustBeActive, readIngest } from '../src/postgres/ledger/ingests.ts'
import {
  readStepTask,
  recordStepBegin,
  recordStepEnd,
  recordStepFailure,
  type StepAttempt,
  type StepTask,
  takeBackStepBegin,
} from '../src/postgres/ledger/steps.ts'
import { attemptsMax } from '../src/steps/app.ts'
import type { Step, StepContext, StepFile, StepResult } from '../src/steps/define.ts'
import { type Kept, keepable } from '../src/steps/result.ts'
import { type Attempt, mustNotBePaused, type VerbInput } from './attempt/attempt.ts'
import { isOfFullDisk, RetryError } from './attempt/retry.ts'
import { shapeFile } from './stage/shape.ts'

export interface StepInput extends VerbInput {
  fileNo: number
  stepNo: number
  step: string
}

/** Attempts that ended with their worker: past so many the file may be what kills it. */
const lostAttemptsMax = 50
const notHereMs = 300

export async function runStep(attempt: Attempt, input: StepInput): Promise<void> {
  const { ingestId } = input
  const { db } = attempt
  const task = await readStepTask(db, input)
  mustBeActive(ingestId, task)
  if (!task.finishedAt) mustNotBePaused(input, task.state)
  if (task.phase !== 'step') await enterPhase(db, ingestId, 'step')
  if (!task.finishedAt) await run(attempt, input, task)
  if (task.isLoaded) await shapeFile(attempt, input)
}

async function run(attempt: Attempt, input: StepInput, task: StepTask): Promise<void> {
  const { db, stage, worker, attemptNo, isRetry } = attempt
  const step = attempt.steps.get(input.step)
  if (!step) throw notHere(worker, input.step)
  const { ingestId } = input
  const { name, fileNo, sizeBytes, sha256 } = task.file
  const at = { ...input, worker, attempt: attemptNo, startMs: performance.now() }
  if (isRetry && (await recordStepBegin(db, at)) > lostAttemptsMax) {
    const { failures } = task
    const problem = 'its workers died or left again and again'
    throw sluiceError('step_failed', { step: step.name, file: name, failures, problem })
  }
  try {
    const path = await stage.local({ ingestId, ...task.file })
    const file = { name, fileNo, path, sizeBytes, sha256 }
    await inScratch(attempt, ingestId, async (scratch) => {
      const context = contextOf(attempt, at, scratch)
      const returned = await runOnce(attempt, step, at, { file, context })
      await finish(attempt, at, await keepable(step.name, scratch, returned))
    })
  } catch (error) {
    if (!isOfFullDisk(error)) throw error
    // It waits for room, as every verb does, and that costs it no attempt.
    if (isRetry) await takeBackStepBegin(db, at)
    throw sluiceError('stage_full', { file: name }, { cause: error })
  }
}

async function inScratch(
  { stage }: Attempt,
  ingestId: string,
  work: (scratch: string) => Promise<void>,
): Promise<void> {
  const { path, remove } = await stage.scratch(ingestId)
  await work(path).finally(remove)
}

/** Another worker of the queue may have it: it is asked soon, and as often as it takes. */
function notHere(worker: string, step: string): Error {
  return new RetryError(sluiceError('step_not_here', { worker, step }), notHereMs)
}

function contextOf(
  attempt: Attempt,
  { ingestId, fileNo, step, attempt: number }: StepAttempt,
  scratch: string,
): StepContext {
  const { signal } = attempt
  const log = attempt.log.child({ ingestId, step, fileNo, attempt: number })
  const line = (level: 'debug' | 'info' | 'warn' | 'error') => (message: string) =>
    log[level](`${step}[${ingestId}] file ${fileNo}: ${message}`)
  return {
    ingestId,
    attempt: number,
    signal,
    scratch,
    log: {
      debug: line('debug'),
      info: line('info'),
      warn: line('warn'),
      error: line('error'),
    },
    progress: (progress) => attempt.progress(progress),
  }
}

/** Runs the step once. One that does not hear its signal is not waited for. */
async function runOnce(
  { db }: Attempt,
  step: Step,
  at: StepAttempt,
  { file, context }: { file: StepFile; context: StepContext },
): Promise<StepResult | undefined> {
  const { signal } = context
  let abort = () => {}
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort)
  })
  try {
    signal.throwIfAborted()
    return (await Promise.race([step.run(file, context), aborted])) ?? undefined
  } catch (error) {
    signal.throwIfAborted()
    const isFinal = (error as { retryable?: unknown } | null)?.retryable === false
    if (!isFinal && isOfFullDisk(error)) throw error
    const problem = messageOf(error)
    const failures = await recordStepFailure(db, at, problem)
    const attempts = attemptsMax(step)
    const what = { step: step.name, file: file.name, problem }
    if (isFinal || failures >= attempts) throw sluiceError('step_failed', { ...what, failures })
    throw sluiceError('step_threw', { ...what, attempts })
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

/** Takes what the step returned into stage and ledger, unless another attempt was faster. */
async function finish(
  { db, stage }: Attempt,
  at: StepAttempt,
  { file, result }: Kept,
): Promise<void> {
  const { ingestId, fileNo, stepNo } = at
  const stagedAs = `${fileNo}.${stepNo}.${randomUUID()}`
  const staged = file === null ? null : await stage.adopt({ ingestId, fileNo, stagedAs }, file)
  const made = staged && { ...staged, stagedAs }
  const came = await recordStepEnd(db, at, { result, file: made })
  if (came === 'second' && made) await stage.remove({ ingestId, fileNo, stagedAs })
  if (came === 'late') {
    // The sweep has run already, so this attempt removes its own files.
    await stage.clear(ingestId)
    mustBeActive(ingestId, await readIngest(db, ingestId))
  }
}
