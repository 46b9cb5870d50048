/**
 * Runs work that may end the process exclusively, so that a crash names its cause.
 *
 * When a process dies, any of the work that it had in hand may be the reason. Work that was in the
 * hands of a process that died is therefore done exclusively, as far as other work allows it.
 */
import { setTimeout as sleep } from 'node:timers/promises'

/** Work that is done exclusively, as long as no other work has to join it. */
export interface ExclusiveRun {
  isExclusive: boolean
  /** Called before other work joins it after all. */
  onShared: (() => Promise<void>) | null
}

/** Neither side waits for longer: a step may take hours, and a cancel must get through. */
const patienceMs = 10_000
const lookMs = 50

export class Exclusive {
  readonly #patienceMs: number
  #others = 0
  #run: ExclusiveRun | null = null

  constructor(patience = patienceMs) {
    this.#patienceMs = patience
  }

  /** Waits for exclusive work. @returns to be called when the work has ended */
  async enter(signal: AbortSignal): Promise<() => void> {
    if (this.#run) await this.#wait(() => this.#run !== null, signal)
    await this.#join(this.#run)
    this.#others++
    return () => {
      this.#others--
    }
  }

  /** For work that has entered. Only one at a time is exclusive, however long that takes. */
  async run<T>(signal: AbortSignal, work: (run: ExclusiveRun) => Promise<T>): Promise<T> {
    this.#others--
    try {
      while (this.#run) await sleep(lookMs, null, { signal })
      const run: ExclusiveRun = { isExclusive: true, onShared: null }
      this.#run = run
      try {
        await this.#wait(() => this.#others > 0, signal)
        if (this.#others > 0) run.isExclusive = false
        return await work(run)
      } finally {
        this.#run = null
      }
    } finally {
      this.#others++
    }
  }

  async #join(run: ExclusiveRun | null): Promise<void> {
    if (!run?.isExclusive) return
    run.isExclusive = false
    await run.onShared?.()
  }

  async #wait(isHeldUp: () => boolean, signal: AbortSignal): Promise<void> {
    const until = performance.now() + this.#patienceMs
    while (isHeldUp() && performance.now() < until) await sleep(lookMs, null, { signal })
  }
}
