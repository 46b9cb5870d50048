/**
 * What this process has in hand, and who in it must be alone.
 *
 * When a process dies, everything in its hand is under suspicion. Work that has been before is
 * therefore done alone, as far as others let it: a death then says whose fault it was.
 */
import { setTimeout as sleep } from 'node:timers/promises'

/** Work that others let be alone. */
export interface Solo {
  isAlone: boolean
  /** Called before somebody joins it after all. */
  onCompany: (() => Promise<void>) | null
}

/** Neither side waits for longer: a step may take hours, and a cancel must get through. */
const patienceMs = 10_000
const lookMs = 50

export class Hand {
  readonly #patienceMs: number
  #others = 0
  #solo: Solo | null = null

  constructor(patience = patienceMs) {
    this.#patienceMs = patience
  }

  /** Waits for work that must be alone. @returns takes it out of hand again */
  async enter(signal: AbortSignal): Promise<() => void> {
    if (this.#solo) await this.#wait(() => this.#solo !== null, signal)
    await this.#join(this.#solo)
    this.#others++
    return () => {
      this.#others--
    }
  }

  /** For somebody who has entered. Only one at a time is alone, however long that takes. */
  async alone<T>(signal: AbortSignal, work: (solo: Solo) => Promise<T>): Promise<T> {
    this.#others--
    try {
      while (this.#solo) await sleep(lookMs, null, { signal })
      const solo: Solo = { isAlone: true, onCompany: null }
      this.#solo = solo
      try {
        await this.#wait(() => this.#others > 0, signal)
        if (this.#others > 0) solo.isAlone = false
        return await work(solo)
      } finally {
        this.#solo = null
      }
    } finally {
      this.#others++
    }
  }

  async #join(solo: Solo | null): Promise<void> {
    if (!solo?.isAlone) return
    solo.isAlone = false
    await solo.onCompany?.()
  }

  async #wait(isHeldUp: () => boolean, signal: AbortSignal): Promise<void> {
    const until = performance.now() + this.#patienceMs
    while (isHeldUp() && performance.now() < until) await sleep(lookMs, null, { signal })
  }
}
