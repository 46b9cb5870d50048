/**
 * When an ingest that is followed is read again: at once if something of it was told, otherwise after
 * a pause.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { hearNothing } from '../postgres/listener.ts'
import { channels } from '../postgres/notify.ts'
import type { IngestsDeps } from './deps.ts'

/** Each worker tells of progress up to 20 times a second; a follower does not look more often for long. */
const lookEveryMs = 50
/** A follower that has been quiet may look this many times in a row: the end is not to wait. */
const looksInARow = 4

/**
 * A small ingest is over in a moment; a long one need not be asked so often, least of all where a
 * listener hears of its changes.
 */
function pauseMs(sinceMs: number, { listener, lookMs }: IngestsDeps): number {
  if (lookMs !== undefined) return lookMs
  const isTold = listener?.isListening
  if (sinceMs < 1000) return isTold ? 200 : 50
  if (sinceMs < 10_000) return 200
  return isTold ? 2000 : 500
}

/** Yields whenever the ingest is to be read: now, and then again and again until the signal aborts. */
export async function* looks(
  deps: IngestsDeps,
  ingestId: string,
  signal: AbortSignal,
): AsyncGenerator<void> {
  const startMs = performance.now()
  const heard = deps.listener?.hear(channels.ingests, ingestId) ?? hearNothing
  // Each look moves it by `lookEveryMs`; it may be ahead of the clock by some looks, and no more.
  let paidMs = startMs
  try {
    while (!signal.aborted) {
      paidMs = Math.max(paidMs, performance.now()) + lookEveryMs
      yield
      await heard.wait(pauseMs(performance.now() - startMs, deps), signal)
      const earlyMs = paidMs - looksInARow * lookEveryMs - performance.now()
      if (earlyMs > 0) await sleep(earlyMs, undefined, { signal }).catch(() => {})
    }
  } finally {
    heard.close()
  }
}
