/**
 * Keeps an activity known to be alive, and stops it when it should.
 *
 * The heartbeat is a timer on the main thread: a process that hangs stops beating. It also brings
 * the cancellation, which is why it beats more often than liveness alone would need.
 */
import { CancelledFailure, Context, type Info } from '@temporalio/activity'
import { type SluiceError, sluiceError } from '../../src/errors.ts'
import type { Deps } from '../deps.ts'
import { failureOf, toFailure } from './failure.ts'

const beatMs = 1000
/** A soft time limit that is met this often will be met again. */
const timeLimitsMax = 3

/** What every activity's input may have. */
export interface Limited {
  /** The soft time limit: the work is called off in order, before the server gives up on it. */
  softMs?: number
}

export interface IngestInput extends Limited {
  ingestId: string
}

/**
 * @param work is called off by its signal: on a cancel, when the worker leaves, or at the soft limit,
 *   which it can set anew
 */
export async function alive<T>(
  { leaving, hand }: Deps,
  { softMs }: Limited,
  work: (signal: AbortSignal, rearm: () => void) => Promise<T>,
): Promise<T> {
  const context = Context.current()
  const { cancellationSignal } = context
  const calledOff = new AbortController()
  let overdue: SluiceError | null = null
  const stop = () => calledOff.abort()
  for (const signal of [cancellationSignal, leaving]) {
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop)
  }
  let limit: NodeJS.Timeout | undefined
  const rearm = () => {
    clearTimeout(limit)
    if (softMs === undefined) return
    limit = setTimeout(() => {
      overdue = tooLong(softMs, context.info)
      stop()
    }, softMs)
  }
  const beat = setInterval(() => context.heartbeat(), beatMs)
  let leave = () => {}
  try {
    leave = await hand.enter(calledOff.signal)
    rearm()
    return await work(calledOff.signal, rearm)
  } catch (error) {
    // Whatever broke after the signal broke because of it.
    if (cancellationSignal.aborted) await context.cancelled
    if (leaving.aborted) throw handedBack()
    if (overdue) throw lastTime(overdue, context.info)
    throw error instanceof CancelledFailure ? error : toFailure(error)
  } finally {
    leave()
    clearInterval(beat)
    clearTimeout(limit)
    for (const signal of [cancellationSignal, leaving]) signal.removeEventListener('abort', stop)
  }
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
