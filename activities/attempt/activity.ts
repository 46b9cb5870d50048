/**
 * Makes an activity of a verb: it keeps the activity known to be alive, stops it when it should,
 * and tells the server how it ended. Only this file and failure.ts know of Temporal.
 *
 * The heartbeat is a timer on the main thread: a process that hangs stops beating. It also brings
 * the cancellation, which is why it beats more often than liveness alone would need.
 */
import type { Span } from '@opentelemetry/api'
import { Context, type Info } from '@temporalio/activity'
import type { HandedBack } from '../../src/domain/ingestInput.ts'
import { problemOfInput } from '../../src/domain/input.ts'
import { timerMsMax } from '../../src/domain/timeLimits.ts'
import { SluiceError, sluiceError } from '../../src/errors.ts'
import type { Deps } from '../deps.ts'
import type { Attempt, Limited } from './attempt.ts'
import { replaceEarlier } from './earlier.ts'
import type { Exclusive } from './exclusive.ts'
import { failureOf, handedBack, toFailure } from './failure.ts'
import { inSpan } from './span.ts'

const beatMs = 1000
/** A soft time limit that is met this often will be met again. */
const timeLimitsMax = 3

/** What the worker gives its verbs to work with, and what their activities need of it. */
export interface WorkerDeps extends Deps {
  exclusive: Exclusive
  /** Aborts when the worker's grace time is over: what still runs is handed back. */
  leaving: AbortSignal
  /** Shows how far an activity has come. */
  progress(info: Info, progress: string | number): void
}

export interface Verb<I, T> {
  /** The fields that the input must have. */
  needs: readonly string[]
  run(attempt: Attempt, input: I): Promise<T>
}

/** @param name as in what it says of a wrong input, which is not tried again */
export const toActivity =
  <I extends Limited, T>(deps: WorkerDeps, name: string, { needs, run }: Verb<I, T>) =>
  async (given: I): Promise<T> => {
    const input = given ?? {}
    const problem = problemOfInput(input, needs)
    if (problem) throw toFailure(sluiceError('input_invalid', { what: name, problem }))
    const { activityType, workflowExecution, taskQueue, attempt } = Context.current().info
    const ingestId = workflowExecution?.workflowId
    const task = { activity: activityType, ingestId, queue: taskQueue, attempt, input }
    return inSpan(task, (span) =>
      runAlive(spanned(deps, span), input, (attempt) => run(attempt, input)),
    )
  }

/** The phases of a small ingest, which is one activity, are events of its span. */
const spanned = (deps: WorkerDeps, span: Span): WorkerDeps => ({
  ...deps,
  progress(info, progress) {
    if (typeof progress === 'string') span.addEvent(progress.slice(0, 100))
    deps.progress(info, progress)
  },
})

async function runAlive<T>(
  deps: WorkerDeps,
  input: Limited,
  work: (attempt: Attempt) => Promise<T>,
): Promise<T> {
  const { leaving, exclusive } = deps
  const { softMs } = input
  const context = Context.current()
  const { cancellationSignal, info } = context
  const calledOff = new AbortController()
  let overdue: SluiceError | null = null
  let lost: SluiceError | null = null
  const stop = () => calledOff.abort()
  const unhear = hear([cancellationSignal, leaving], stop)
  let limit: NodeJS.Timeout | undefined
  const startLimit = () => {
    clearTimeout(limit)
    if (softMs === undefined) return
    limit = setTimeout(
      () => {
        overdue = tooLong(softMs, info)
        stop()
      },
      Math.min(softMs, timerMsMax),
    )
  }
  const lose = () => {
    lost = sluiceError('attempt_lost', { what: info.activityType })
    stop()
  }
  const attempt: Attempt = {
    ...deps,
    signal: calledOff.signal,
    attemptNo: attemptNoOf(info, input),
    taskQueue: info.taskQueue,
    isRetry: isRetry(info, input),
    exclusively: (run) =>
      exclusive.run(calledOff.signal, (solo) => {
        startLimit()
        return run(solo)
      }),
    progress: (progress) => deps.progress(info, progress),
    isRateLimited: () => deps.isRateLimited(info.taskQueue),
  }
  const beat = keepBeating(context, lose)
  let leave = () => {}
  let end = () => {}
  try {
    end = await replaceEarlier({ key: keyOf(info), attempt: info.attempt }, lose)
    leave = await exclusive.enter(calledOff.signal)
    startLimit()
    return await work(attempt)
  } catch (error) {
    // Whatever broke after the signal broke because of it.
    if (cancellationSignal.aborted) await context.cancelled
    // Its workflow asked for that, and knows it from a result.
    if (isOfPause(error)) return { handedBack: true, again: attempt.isRetry } as HandedBack as T
    if (leaving.aborted) throw handedBack()
    if (lost) throw toFailure(lost)
    if (overdue) throw lastTime(overdue, attempt)
    throw tellUnexpected(context, toFailure(error), error)
  } finally {
    leave()
    end()
    clearInterval(beat)
    clearTimeout(limit)
    unhear()
  }
}

/** The attempts at one activity share it. */
const keyOf = ({ workflowExecution, activityId }: Info): string =>
  `${workflowExecution?.runId} ${activityId}`

const attemptNoOf = ({ attempt }: Info, { before = 0 }: Limited): number => attempt + before

const isRetry = (info: Info, input: Limited): boolean =>
  attemptNoOf(info, input) > 1 || input.again === true

function hear(signals: readonly AbortSignal[], stop: () => void): () => void {
  for (const signal of signals) {
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop)
  }
  return () => {
    for (const signal of signals) signal.removeEventListener('abort', stop)
  }
}

/**
 * A process that hangs stops beating, and the server gives its work to another one. When it can run
 * again it must not go on beside that one: its result would not be taken any more.
 */
function keepBeating(context: Context, onLost: () => void): NodeJS.Timeout {
  const { heartbeatTimeoutMs } = context.info
  let lastMs = Date.now()
  return setInterval(() => {
    const nowMs = Date.now()
    if (heartbeatTimeoutMs && nowMs - lastMs > heartbeatTimeoutMs) onLost()
    lastMs = nowMs
    context.heartbeat()
  }, beatMs)
}

const tooLong = (softMs: number, { activityType }: Info): SluiceError =>
  sluiceError('time_limit', { what: activityType, seconds: softMs / 1000 })

/** Tried again, in case something held it up, but not for ever. */
const lastTime = (error: SluiceError, { attemptNo }: Attempt): Error =>
  attemptNo < timeLimitsMax ? toFailure(error) : failureOf(error, { isFinal: true })

const isOfPause = (error: unknown): boolean =>
  error instanceof SluiceError && error.code === 'ingest_paused'

/** What no row of the error table is for is a defect: the log has all of it. */
function tellUnexpected({ log }: Context, failure: Error, error: unknown): Error {
  if ((failure as { type?: string }).type === 'unexpected') {
    log.error('unexpected error', { error })
  }
  return failure
}
