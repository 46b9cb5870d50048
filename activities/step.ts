/**
 * step: one of the user's steps on one staged file.
 *
 * It runs as often as workers die under it, and counts once: its result and the file that it made
 * come into the ledger in one transaction, which a later attempt finds.
 */
import { randomUUID } from 'node:crypto'
import { Context } from '@temporalio/activity'
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
import { alive, mustNotBePaused, type VerbInput } from './attempt/alive.ts'
import { failureOf, isOfFullDisk } from './attempt/failure.ts'
import type { Deps } from './deps.ts'
import { shapeFile } from './stage/shape.ts'

export interface StepInput extends VerbInput {
  fileNo: number
  stepNo: number
  step: string
}

/** Attempts that ended with their worker: past so many the file may be what kills it. */
const lostAttemptsMax = 50
const notHereMs = 300

export const runStep =
  (deps: Deps) =>
  async (input: StepInput): Promise<void> =>
    alive(deps, input, async (signal) => {
      const { ingestId } = input
      const task = await readStepTask(deps.db, input)
      mustBeActive(ingestId, task)
      if (!task.finishedAt) mustNotBePaused(input, task.state)
      if (task.phase !== 'step') await enterPhase(deps.db, ingestId, 'step')
      if (!task.finishedAt) await run(deps, input, { task, signal })
      if (task.isLoaded) await shapeFile(deps, input, signal)
    })

async function run(
  deps: Deps,
  input: StepInput,
  { task, signal }: { task: StepTask; signal: AbortSignal },
): Promise<void> {
  const { info } = Context.current()
  const step = deps.steps.get(input.step)
  if (!step) throw notHere(deps.worker, input.step)
  const { ingestId } = input
  const { name, fileNo, sizeBytes, sha256 } = task.file
  const at = { ...input, worker: deps.worker, attempt: info.attempt, startMs: performance.now() }
  const isAgain = info.attempt > 1 || input.again === true
  if (isAgain && (await recordStepBegin(deps.db, at)) > lostAttemptsMax) {
    const { failures } = task
    const problem = 'its workers died or left again and again'
    throw sluiceError('step_failed', { step: step.name, file: name, failures, problem })
  }
  try {
    const path = await deps.stage.local({ ingestId, ...task.file })
    const file = { name, fileNo, path, sizeBytes, sha256 }
    await inScratch(deps, ingestId, async (scratch) => {
      const context = contextOf(deps, at, { signal, scratch })
      const returned = await attempt(deps, step, at, { file, context })
      await finish(deps, at, await keepable(step.name, scratch, returned))
    })
  } catch (error) {
    if (!isOfFullDisk(error)) throw error
    // It waits for room, as every verb does, and that costs it no attempt.
    if (isAgain) await takeBackStepBegin(deps.db, at)
    throw sluiceError('stage_full', { file: name }, { cause: error })
  }
}

async function inScratch(
  { stage }: Deps,
  ingestId: string,
  work: (scratch: string) => Promise<void>,
): Promise<void> {
  const { path, remove } = await stage.scratch(ingestId)
  await work(path).finally(remove)
}

/** Another worker of the queue may have it: it is asked soon, and as often as it takes. */
function notHere(worker: string, step: string): Error {
  return failureOf(sluiceError('step_not_here', { worker, step }), { nextRetryDelay: notHereMs })
}

function contextOf(
  deps: Deps,
  { ingestId, fileNo, step, attempt: number }: StepAttempt,
  { signal, scratch }: Pick<StepContext, 'signal' | 'scratch'>,
): StepContext {
  const { info } = Context.current()
  const log = deps.log.child({ ingestId, step, fileNo, attempt: number })
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
    progress: (progress) => deps.progress(info, progress),
  }
}

/** Runs the step once. One that does not hear its signal is not waited for. */
async function attempt(
  deps: Deps,
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
    const failures = await recordStepFailure(deps.db, at, problem)
    const attempts = attemptsMax(step)
    const what = { step: step.name, file: file.name, problem }
    if (isFinal || failures >= attempts) throw sluiceError('step_failed', { ...what, failures })
    throw sluiceError('step_threw', { ...what, attempts })
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

/** Takes what the step returned into stage and ledger, unless another attempt was faster. */
async function finish(deps: Deps, at: StepAttempt, { file, result }: Kept): Promise<void> {
  const { db, stage } = deps
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
