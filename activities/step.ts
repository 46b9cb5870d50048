/**
 * step: one of the user's steps on one staged file.
 *
 * It runs as often as workers die under it, and counts once: its result and the file that it made
 * come into the ledger in one transaction, which a later attempt finds.
 */
import { randomUUID } from 'node:crypto'
import { ApplicationFailure, Context } from '@temporalio/activity'
import { messageOf, sluiceError } from '../src/errors.ts'
import { transaction } from '../src/postgres/db.ts'
import { readFile, recordNewFile } from '../src/postgres/files.ts'
import {
  enterPhase,
  isOver,
  mustBeActive,
  readIngest,
  shareIngest,
} from '../src/postgres/ingests.ts'
import {
  readStep,
  recordStepEnd,
  recordStepFailure,
  type StepAttempt,
} from '../src/postgres/steps.ts'
import { attemptsMax } from '../src/steps/app.ts'
import type { Step, StepContext, StepFile, StepResult } from '../src/steps/define.ts'
import { type Kept, keepable } from '../src/steps/result.ts'
import { alive, type IngestInput } from './alive.ts'
import type { Deps } from './deps.ts'
import { shapeFile } from './shape.ts'

export interface StepInput extends IngestInput {
  fileNo: number
  stepNo: number
  step: string
}

/** Attempts that ended with their worker: past so many the file may be what kills it. */
const lostAttemptsMax = 20

export const runStep =
  (deps: Deps) =>
  async (input: StepInput): Promise<void> =>
    alive(deps, input, async (signal) => {
      const { ingestId, stepNo } = input
      await enterPhase(deps.db, ingestId, 'step')
      const entry = await readIngest(deps.db, ingestId)
      mustBeActive(ingestId, entry)
      const before = await readStep(deps.db, input)
      if (!before?.finishedAt) await run(deps, input, signal)
      const isLast = stepNo + 1 === entry.spec.steps?.length
      if (isLast && entry.spec.target) await shapeFile(deps, input, signal)
      // A late attempt may have made files after the sweep: they are nobody's then.
      const { state } = await readIngest(deps.db, ingestId)
      if (isOver(state)) await deps.stage.clear(ingestId)
    })

async function run(deps: Deps, input: StepInput, signal: AbortSignal): Promise<void> {
  const { info } = Context.current()
  const step = deps.steps.get(input.step)
  if (!step) throw sluiceError('step_not_here', { worker: deps.worker, step: input.step })
  const { ingestId, fileNo } = input
  const file = await readFile(deps.db, ingestId, fileNo)
  const { name, sizeBytes, sha256 } = file
  if (info.attempt > attemptsMax(step) + lostAttemptsMax) {
    const problem = 'its workers died or left again and again'
    throw sluiceError('step_failed', { step: step.name, file: name, failures: 0, problem })
  }
  const at = { ...input, worker: deps.worker, attempt: info.attempt, startMs: performance.now() }
  const path = await deps.stage.local({ ingestId, ...file })
  const scratch = await deps.stage.scratch(ingestId)
  try {
    const context = contextOf(deps, at, { signal, scratch: scratch.path })
    const returned = await attempt(deps, step, at, {
      file: { name, fileNo, path, sizeBytes, sha256 },
      context,
    })
    await finish(deps, at, await keepable(step.name, scratch.path, returned))
  } finally {
    await scratch.remove()
  }
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
    const problem = messageOf(error)
    const failures = await recordStepFailure(deps.db, at, problem)
    const isFinal = (error as { retryable?: unknown } | null)?.retryable === false
    if (isFinal || failures >= attemptsMax(step)) {
      throw sluiceError('step_failed', { step: step.name, file: file.name, failures, problem })
    }
    const message = `the step ${step.name} threw for ${file.name}: ${problem}`
    throw ApplicationFailure.create({ message, type: 'step_threw' })
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

/** Takes what the step returned into stage and ledger, unless another attempt was faster. */
async function finish(deps: Deps, at: StepAttempt, kept: Kept): Promise<void> {
  const { db, stage } = deps
  const { ingestId, fileNo, stepNo } = at
  const stagedAs = `${fileNo}.${stepNo}.${randomUUID()}`
  const file = { ingestId, fileNo, stagedAs }
  const staged = kept.file === null ? null : await stage.adopt(file, kept.file)
  const isOurs = await transaction(db, async (tx) => {
    mustBeActive(ingestId, await shareIngest(tx, ingestId))
    const isFirst = await recordStepEnd(tx, at, kept.result)
    if (isFirst && staged) await recordNewFile(tx, { ...file, ...staged })
    return isFirst
  })
  if (staged && !isOurs) await stage.remove(file)
}
