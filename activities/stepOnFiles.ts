/**
 * step, for several files: one of the user's steps on staged files, one after the other.
 *
 * Each file has its own receipt, its own time limit and its own retries, as in step.ts. What they
 * share is the task: Temporal and its workers do for many small files what they did for one.
 */
import type { Alone, FilesDone } from '../src/domain/step.ts'
import { timerMsMax } from '../src/domain/timeLimits.ts'
import { SluiceError, sluiceError } from '../src/errors.ts'
import type { StepTask } from '../src/postgres/ledger/steps.ts'
import type { Step } from '../src/steps/define.ts'
import type { Attempt } from './attempt/attempt.ts'
import { shapeFile } from './stage/shape.ts'
import { attemptAt, type Begun, beginStep, type StepInput } from './step/begin.ts'
import { inScratch, runOnFile, stepHere } from './step/onFile.ts'

export interface FilesInput extends StepInput {
  /** So many files, from `fileNo` on. */
  files: number
  /** The soft time limit of each. */
  fileSoftMs: number
  /** No other file is begun after this time. */
  beginMs: number
}

/** A larger one may take its time, and others should not wait for it. */
const smallFileBytes = 4 * 1024 * 1024
/** A pause or a cancel is noticed within this time before another file is begun. */
const silentMsMax = 50

interface Files extends Begun {
  attempt: Attempt
  input: FilesInput
  step: Step
  scratch: string
  startMs: number
  /** Starts of tasks are limited on its queue: each file is to count as one. */
  isLimited: boolean
}

/**
 * Runs the step on files one after the other, for as long as `beginMs` says. A file with which
 * something is wrong, or may be, is left to an attempt of its own: it takes no other file with it.
 * @returns which file comes next, and the files before it that were left
 */
export async function runStepOnFiles(attempt: Attempt, input: FilesInput): Promise<FilesDone> {
  const startMs = performance.now()
  const found = await beginStep(attempt, input, input)
  const step = stepHere(attempt, input.step)
  const isLimited = await attempt.isRateLimited()
  return inScratch(attempt, input.ingestId, (scratch) =>
    runAll({ ...found, attempt, input, step, scratch, startMs, isLimited }),
  ).finally(() => found.receipts.settled())
}

async function runAll(files: Files): Promise<FilesDone> {
  const alone: Alone[] = []
  let next = files.input.fileNo
  let ran = 0
  let tookMs = 0
  for (const task of files.tasks) {
    if (!isDone(files, task)) {
      if (ran > 0 && !(await mayGoOn(files))) break
      ran++
      const beganMs = performance.now()
      const left = await runUnlessAlone(files, task)
      if (left) alone.push(left)
      else tookMs += performance.now() - beganMs
    }
    next++
  }
  return { next, ...(alone.length > 0 && { alone }), tookMs: Math.ceil(tookMs) }
}

const isDone = ({ isLoaded }: Files, { finishedAt, file }: StepTask): boolean =>
  finishedAt !== null && (!isLoaded || file.shape !== null)

/** Whether another file may be begun. */
async function mayGoOn({ attempt, input, startMs, isLimited, receipts }: Files): Promise<boolean> {
  if (isLimited || performance.now() - startMs > input.beginMs) return false
  // After an attempt that was lost the ledger must name the one file that is under way.
  if (attempt.isRetry || receipts.silentMs > silentMsMax) await receipts.settled()
  return !receipts.isPaused && !receipts.isOvertaken
}

/** @returns not null when the file is for an attempt of its own */
async function runUnlessAlone(files: Files, task: StepTask): Promise<Alone | null> {
  const { attempt, input, isLoaded, receipts } = files
  const { file, begun, failures, finishedAt } = task
  const { fileNo, sizeBytes } = file
  if (!finishedAt) {
    // It was under way when a worker was lost.
    const lost = begun > failures ? attempt.attemptNo - 1 : 0
    const before = Math.max(begun, failures, lost)
    if (before > 0 || sizeBytes > smallFileBytes) return { fileNo, before, threw: failures > 0 }
    if (!(await run(files, task))) return { fileNo, before: attempt.attemptNo, threw: true }
  }
  if (isLoaded) {
    await receipts.settled()
    await shapeFile(attempt, { ingestId: input.ingestId, fileNo })
  }
  return null
}

/** @returns whether it has gone well; else the file is to be tried again, and nothing else is */
async function run(files: Files, task: StepTask): Promise<boolean> {
  const { attempt, input, step, receipts } = files
  const { ingestId, fileSoftMs } = input
  const { fileNo } = task.file
  const { signal } = attempt
  signal.throwIfAborted()
  const at = attemptAt(attempt, { ...input, fileNo })
  const about = { ingestId, step: step.name, fileNo, attempt: at.attempt }
  const tell = (level: 'info' | 'warn', event: string, more = '') =>
    attempt.log[level](
      { ...about, event },
      `${step.name}[${ingestId}] file ${fileNo} ${event}${more}`,
    )
  const took = () => `${((performance.now() - at.startMs) / 1000).toFixed(3)}s`
  const limit = timeLimit(signal, fileSoftMs)
  tell('info', 'started')
  attempt.progress(`file ${fileNo}`)
  try {
    receipts.add(await runOnFile({ ...attempt, signal: limit.signal }, files, at, task))
    tell('info', 'succeeded', ` in ${took()}`)
    return true
  } catch (error) {
    signal.throwIfAborted()
    if (!isOfFile(error)) throw error
    tell('warn', 'retried', ` after ${took()}: ${error.message}`)
    return false
  } finally {
    limit.end()
  }
}

/** The file is tried again, and nothing else is. */
const isOfFile = (error: unknown): error is SluiceError =>
  error instanceof SluiceError && ['step_threw', 'time_limit', 'stage_full'].includes(error.code)

/** A signal for one file of several. */
function timeLimit(outer: AbortSignal, softMs: number) {
  const own = new AbortController()
  const stop = () => own.abort(outer.reason)
  outer.addEventListener('abort', stop)
  const late = () =>
    own.abort(sluiceError('time_limit', { what: 'runStep', seconds: softMs / 1000 }))
  const timer = setTimeout(late, Math.min(softMs, timerMsMax))
  return {
    signal: own.signal,
    end: () => {
      clearTimeout(timer)
      outer.removeEventListener('abort', stop)
    },
  }
}
