/**
 * Notices that PostgreSQL does not answer this worker, which then takes no more tasks until it
 * does: in its hands they would wait, and other workers may still reach the database.
 *
 * A refusal is an answer. Time in which the process itself stood still, or in which a step held its
 * main thread, passes without a look and does not count.
 */
import { messageOf } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { QueueWorkers } from './queueWorkers.ts'

const everyMs = 1000
/** PostgreSQL restarts in less; after 13 s of silence others take this worker for dead. */
const silentMsMax = 10_000
/** A look is a little late on a busy machine, and that time counts; one this late stood still. */
const betweenLooksMsMax = 2 * everyMs

export interface Contact {
  /** PostgreSQL has answered. */
  heard(): void
  stop(): void
}

export function watchContact({
  queueWorkers,
  log,
}: {
  queueWorkers: QueueWorkers
  log: Logger
}): Contact {
  let silentMs = 0
  let lookedAtMs = performance.now()
  const timer = setInterval(() => {
    const wasLong = silentMs >= silentMsMax
    const nowMs = performance.now()
    silentMs += Math.min(nowMs - lookedAtMs, betweenLooksMsMax)
    lookedAtMs = nowMs
    if (wasLong || silentMs < silentMsMax) return
    const seconds = silentMsMax / 1000
    const untilWhen = 'takes no more tasks until it does'
    log.warn({ event: 'cut off' }, `PostgreSQL has not answered for ${seconds} s: ${untilWhen}`)
    void queueWorkers.holdOff()
  }, everyMs).unref()

  let isTaking = false
  const takeAgain = async () => {
    isTaking = true
    try {
      await queueWorkers.takeAgain()
      if (queueWorkers.isHeldOff) return
      log.info({ event: 'answered' }, 'PostgreSQL answers again: takes tasks')
    } catch (error) {
      // The next answer tries again.
      log.warn({ event: 'cut off' }, `cannot take tasks again: ${messageOf(error)}`)
    } finally {
      isTaking = false
    }
  }
  return {
    heard() {
      silentMs = 0
      lookedAtMs = performance.now()
      // Nobody waits for it: the Temporal server may be away as well, and reports go on.
      if (queueWorkers.isHeldOff && !isTaking) void takeAgain()
    },
    stop: () => clearInterval(timer),
  }
}
