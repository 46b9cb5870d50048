/**
 * Keeps an activity known to be alive, and stops it when it should.
 *
 * The heartbeat is a timer on the main thread: a process that hangs stops beating. It also brings
 * the cancellation, which is why it beats more often than liveness alone would need.
 */
import { CancelledFailure, Context } from '@temporalio/activity'
import { toFailure } from './failure.ts'

const beatMs = 1000

export async function alive<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const context = Context.current()
  const signal = context.cancellationSignal
  const timer = setInterval(() => context.heartbeat(), beatMs)
  try {
    return await work(signal)
  } catch (error) {
    // Whatever broke after the signal broke because of it.
    if (signal.aborted) await context.cancelled
    throw error instanceof CancelledFailure ? error : toFailure(error)
  } finally {
    clearInterval(timer)
  }
}
