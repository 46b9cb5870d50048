/** How often something is tried that a server or the way to it may hold up. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Unavailable } from './fault.ts'
import type { Answer } from './transport.ts'

/** Tries, the first one included; a later attempt of the activity begins anew. */
const triesMax = 5
const firstWaitMs = 250
/** However long a server asks us to wait. */
const waitMsMax = 20_000

/** Counts failures, and waits behind each: longer every time, or as long as the server says. */
export class Patience {
  #failures = 0

  /** @throws the failure, when it is the last one or none that passes */
  async afterFailure(error: unknown, signal: AbortSignal): Promise<void> {
    this.#failures++
    if (!(error instanceof Unavailable) || this.#failures >= triesMax) throw error
    const waitMs = error.afterMs ?? firstWaitMs * 2 ** (this.#failures - 1)
    await sleep(Math.min(waitMs, waitMsMax), null, { signal })
  }

  /** What was asked for has come a good way: what fails from here on is another failure. */
  progressed(): void {
    this.#failures = 0
  }
}

/** @throws what the last try throws */
export async function patiently<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const patience = new Patience()
  while (true) {
    try {
      return await work()
    } catch (error) {
      await patience.afterFailure(error, signal)
    }
  }
}

/** Retry-After, as seconds or as a date; null where it says neither. */
export function retryAfterMs(answer: Answer): number | null {
  const text = answer.header('retry-after')
  if (text === null) return null
  if (/^\d{1,9}$/.test(text)) return 1000 * Number(text)
  const ms = Date.parse(text) - Date.now()
  return Number.isNaN(ms) ? null : Math.max(0, ms)
}
