/** Slots: how many tasks run at once, on one queue or on several that share the limit. */
import type { ActivitySlotInfo, CustomSlotSupplier } from '@temporalio/worker'

type Supplier = CustomSlotSupplier<ActivitySlotInfo>

/** A permit is held from before a poll to the end of the task that the poll brought. */
interface Permit {
  queue: string
  isUsed: boolean
}

/**
 * No task is taken before there is a slot for it, with one exception: queues that share a limit
 * each keep one poll open, or a busy one would shut out the others; the few tasks that come in
 * over the limit wait in `enter`. So do those that come in while the limit is made smaller.
 */
export class Slots {
  #limit: number
  #running = 0
  readonly #permits = new Set<Permit>()
  /** The callbacks of those that wait for a permit or to enter, in order. */
  readonly #waiting = new Set<() => void>()

  constructor(limit: number) {
    this.#limit = limit
  }

  get limit(): number {
    return this.#limit
  }

  get running(): number {
    return this.#running
  }

  resize(limit: number): void {
    this.#limit = limit
    this.#wake()
  }

  /** Waits until the task may run. @throws the signal's reason */
  enter(signal: AbortSignal): Promise<void> {
    const take = () => {
      if (this.#running >= this.#limit) return false
      this.#running++
      return true
    }
    return this.#turn(take, signal)
  }

  leave(): void {
    this.#running--
    this.#wake()
  }

  /** Resolves when no more tasks run than the limit allows. */
  settled(): Promise<void> {
    return this.#turn(() => this.#running <= this.#limit, new AbortController().signal)
  }

  /** For the SDK workers of queues that share this limit. */
  supplier(queue: string): Supplier {
    return {
      type: 'custom',
      reserveSlot: async (_, signal) => {
        const permit = { queue, isUsed: false }
        await this.#turn(() => this.#mayPoll(queue) && this.#grant(permit), signal)
        return permit
      },
      tryReserveSlot: () => {
        const permit = { queue, isUsed: false }
        return this.#permits.size < this.#limit && this.#grant(permit) ? permit : null
      },
      markSlotUsed: ({ permit }) => {
        ;(permit as unknown as Permit).isUsed = true
        this.#wake()
      },
      releaseSlot: ({ permit }) => {
        this.#permits.delete(permit as unknown as Permit)
        this.#wake()
      },
    }
  }

  #grant(permit: Permit): boolean {
    this.#permits.add(permit)
    return true
  }

  #mayPoll(queue: string): boolean {
    if (this.#permits.size < this.#limit) return true
    const polls = [...this.#permits].filter(({ isUsed }) => !isUsed)
    const used = this.#permits.size - polls.length
    return used < this.#limit && !polls.some((poll) => poll.queue === queue)
  }

  /** Resolves at once, or when its turn has come. @param take whether it got what it waits for */
  #turn(take: () => boolean, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.reject(signal.reason)
    if (take()) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const abort = () => {
        this.#waiting.delete(attempt)
        reject(signal.reason)
      }
      const attempt = () => {
        if (!take()) return
        this.#waiting.delete(attempt)
        signal.removeEventListener('abort', abort)
        resolve()
      }
      signal.addEventListener('abort', abort, { once: true })
      this.#waiting.add(attempt)
    })
  }

  #wake(): void {
    for (const attempt of [...this.#waiting]) attempt()
  }
}
