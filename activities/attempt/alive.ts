/**
 * Keeps an activity known to be alive, and stops it when it should.
 *
 * The heartbeat is a timer on the main thread: a process that hangs stops beating. It also brings
 * the cancellation, which is why it beats more often than liveness alone would need.
 */
import { activityInfo, CancelledFailure, Context, type Info } from '@temporalio/activity'
import type { HandedBack, Pausable } from '../../src/domain/ingestInput.ts'
import type { State } from '../../src/domain/words.ts'
import { SluiceError, sluiceError } from '../../src/errors.ts'
import type { Deps } from '../deps.ts'
import { replaceEarlier } from './earlier.ts'
import { failureOf, toFailure } from './failure.ts'

const beatMs = 1000
/** A soft time limit that is met this often will be met again. */
const timeLimitsMax = 3

/** Node's timers do not reach further: past it they fire at once. */
const timerMsMax = 2 ** 31 - 1

/** What every activity's input may have. */
export interface Limited extends Pausable {
  /** The soft time limit: the work is called off in order, before the server gives up on it. */
  softMs?: number
}

export interface VerbInput extends Limited {
  ingestId: string
}

/**
 * @param work is called off by its signal: on a cancel, when the worker leaves, or at the soft limit,
 *   which it can set anew
 */
export async function alive<T>(
  { leaving, exclusive }: Deps,
  input: Limited,
  work: (signal: AbortSignal, rearm: () => void) => Promise<T>,
): Promise<T> {
  const { softMs } = input
  const context = Context.current()
  const { cancellationSignal } = context
  const calledOff = new AbortController()
  let overdue: SluiceError | null = null
  let lost: SluiceError | null = null
  const stop = () => calledOff.abort()
  const unhear = hear([cancellationSignal, leaving], stop)
  let limit: NodeJS.Timeout | undefined
  const rearm = () => {
    clearTimeout(limit)
    if (softMs === undefined) return
    limit = setTimeout(
      () => {
        overdue = tooLong(softMs, context.info)
        stop()
      },
      Math.min(softMs, timerMsMax),
    )
  }
  const lose = () => {
    lost = sluiceError('attempt_lost', { what: context.info.activityType })
    stop()
  }
  const beat = keepBeating(context, lose)
  let leave = () => {}
  let end = () => {}
  try {
    end = await replaceEarlier(context.info, lose)
    leave = await exclusive.enter(calledOff.signal)
    rearm()
    return await work(calledOff.signal, rearm)
  } catch (error) {
    // Whatever broke after the signal broke because of it.
    if (cancellationSignal.aborted) await context.cancelled
    // Its workflow asked for that, and knows it from a result.
    if (isOfPause(error)) return handBack(input) as T
    if (leaving.aborted) throw handedBack()
    if (lost) throw toFailure(lost)
    if (overdue) throw lastTime(overdue, context.info)
    throw error instanceof CancelledFailure ? error : toFailure(error)
  } finally {
    leave()
    end()
    clearInterval(beat)
    clearTimeout(limit)
    unhear()
  }
}

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
function lastTime(error: SluiceError, { attempt }: Info): Error {
  if (attempt < timeLimitsMax) return toFailure(error)
  return failureOf(error, { nonRetryable: true })
}

/** The worker leaves: another one may start at once. */
export const handedBack = (): Error =>
  failureOf(sluiceError('handed_back', {}), { nextRetryDelay: 1 })

/**
 * Ends the attempt before it has done anything. `alive` then hands the verb back to its workflow,
 * which is of a type in workflows/verbs.ts: no other workflow calls a verb of a paused ingest.
 */
export function mustNotBePaused({ ingestId }: { ingestId: string }, state: State): void {
  if (state === 'paused') throw sluiceError('ingest_paused', { ingestId })
}

const isOfPause = (error: unknown): boolean =>
  error instanceof SluiceError && error.code === 'ingest_paused'

const handBack = ({ again }: Pausable): HandedBack => ({
  handedBack: true,
  again: again === true || activityInfo().attempt > 1,
})
