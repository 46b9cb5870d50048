/** Runs a step on one file: what the step is given, and what it leaves in the stage. */
import { randomUUID } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf, sluiceError } from '../../src/errors.ts'
import {
  recordStepBegin,
  recordStepFailure,
  type StepAttempt,
  type StepEnd,
  type StepTask,
  takeBackStepBegin,
} from '../../src/postgres/ledger/steps.ts'
import { localCopy } from '../../src/stage/localCopy.ts'
import { attemptsMax } from '../../src/steps/app.ts'
import type { Step, StepContext, StepFile, StepResult } from '../../src/steps/define.ts'
import { keepable } from '../../src/steps/result.ts'
import type { Attempt } from '../attempt/attempt.ts'
import { isOfFullDisk, RetryError } from '../attempt/retry.ts'

/** Attempts that ended with their worker: past so many the file may be what kills it. */
const lostAttemptsMax = 50
const notHereMs = 300

/** @throws step_not_here: another worker of the queue may have it, and is asked soon */
export function stepHere({ steps, worker }: Attempt, name: string): Step {
  const step = steps.get(name)
  if (step) return step
  throw new RetryError(sluiceError('step_not_here', { worker, step: name }), notHereMs)
}

/** @returns what is to be recorded: the file that it made is in the stage already */
export async function runOnFile(
  attempt: Attempt,
  { step, scratch }: { step: Step; scratch: string },
  at: StepAttempt,
  { file: { name, fileNo, sizeBytes, sha256, ...staged }, failures }: StepTask,
): Promise<StepEnd> {
  const { db, stage, isRetry } = attempt
  const { ingestId } = at
  if (isRetry && (await recordStepBegin(db, at)) > lostAttemptsMax) {
    const problem = 'its workers died or left again and again'
    throw sluiceError('step_failed', { step: step.name, file: name, failures, problem })
  }
  try {
    const kept = { ...staged, ingestId, name, fileNo, sizeBytes }
    const copy = await localCopy(stage, kept, join(scratch, `${fileNo}.staged`))
    const file = { name, fileNo, path: copy.path, sizeBytes, sha256 }
    const own = new Scratch(join(scratch, String(fileNo)))
    try {
      const context = contextOf(attempt, at, own)
      const returned = await runOnce(attempt, step, at, { file, context })
      if (returned?.file !== undefined) own.open()
      const { file: made, result } = await keepable(step.name, own.path, returned)
      const end = { fileNo, attempt: at.attempt, startMs: at.startMs, endMs: performance.now() }
      return { ...end, result, file: made === null ? null : await adopt(attempt, at, made) }
    } finally {
      await own.remove()
      await copy.remove()
    }
  } catch (error) {
    if (!isOfFullDisk(error)) throw error
    // It waits for room, as every verb does, and that costs it no attempt.
    if (isRetry) await takeBackStepBegin(db, at)
    throw sluiceError('stage_full', { file: name }, { cause: error })
  }
}

/** A step that does not ask for its folder costs none. */
class Scratch {
  readonly path: string
  #isOpen = false

  constructor(path: string) {
    this.path = path
  }

  open(): string {
    if (!this.#isOpen) mkdirSync(this.path)
    this.#isOpen = true
    return this.path
  }

  async remove(): Promise<void> {
    if (this.#isOpen) await rm(this.path, { recursive: true, force: true })
  }
}

/** Work on files that has a folder of its own, in which each file gets one. */
export async function inScratch<T>(
  { stage }: Attempt,
  ingestId: string,
  work: (scratch: string) => Promise<T>,
): Promise<T> {
  const { path, remove } = await stage.scratch(ingestId)
  return work(path).finally(remove)
}

async function adopt({ stage }: Attempt, { ingestId, fileNo, stepNo }: StepAttempt, path: string) {
  const stagedAs = `${fileNo}.${stepNo}.${randomUUID()}`
  return { ...(await stage.adopt({ ingestId, fileNo, stagedAs }, path)), stagedAs }
}

function contextOf(
  attempt: Attempt,
  { ingestId, fileNo, step, attempt: number }: StepAttempt,
  scratch: Scratch,
): StepContext {
  const { signal } = attempt
  const log = attempt.log.child({ ingestId, step, fileNo, attempt: number })
  const line = (level: 'debug' | 'info' | 'warn' | 'error') => (message: string) =>
    log[level](`${step}[${ingestId}] file ${fileNo}: ${message}`)
  return {
    ingestId,
    attempt: number,
    signal,
    get scratch() {
      return scratch.open()
    },
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
