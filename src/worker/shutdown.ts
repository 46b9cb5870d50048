/** How a worker leaves: by a signal, by a command, or because it has grown too large. */
import { setMaxListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from '../log.ts'
import { echoMs, exitCodeOf, type Stop, stops } from '../signals.ts'

export type ShutdownReason = 'signal' | 'command' | 'memory'

/** After the grace time, what was handed back has this long to let go. */
const letGoMs = 10_000

export class Shutdown {
  readonly #log: Logger
  readonly #graceMs: number
  readonly #handBack = new AbortController()
  #ask: (reason: ShutdownReason) => void = () => {}
  /** Resolves when it is to leave. */
  readonly asked: Promise<ShutdownReason>
  #reason: ShutdownReason | null = null
  readonly #answers: (() => Promise<void>)[] = []

  constructor({ log, graceMs }: { log: Logger; graceMs: number }) {
    this.#log = log
    this.#graceMs = graceMs
    // Every task listens to it.
    setMaxListeners(0, this.#handBack.signal)
    this.asked = new Promise((resolve) => {
      this.#ask = resolve
    })
  }

  get reason(): ShutdownReason | null {
    return this.#reason
  }

  /** Aborts when the grace time is over: what still runs is to be handed back. */
  get signal(): AbortSignal {
    return this.#handBack.signal
  }

  ask(reason: ShutdownReason): void {
    this.#reason ??= reason
    this.#ask(reason)
  }

  /** Runs when nothing is in hand any more, just before the process ends. */
  onLeft(answer: () => Promise<void>): void {
    this.#answers.push(answer)
  }

  async answer(): Promise<void> {
    for (const answer of this.#answers) await answer().catch(() => {})
  }

  /**
   * The first signal drains. A second one leaves without waiting: PostgreSQL rolls back what is
   * loading, and another worker does it again.
   */
  onSignals(): void {
    let firstMs = 0
    const onSignal = (signal: Stop) => {
      if (firstMs === 0) {
        firstMs = performance.now()
        const again = 'again to leave at once'
        const message = `${signal}: ends or hands back what it has in hand; ${again}`
        this.#log.info({ event: 'stopping' }, message)
        this.ask('signal')
      } else if (performance.now() - firstMs > echoMs) {
        this.#log.warn({ event: 'left' }, `${signal} again: leaves at once, nothing is lost`)
        process.exit(exitCodeOf(signal))
      }
    }
    for (const signal of stops) process.on(signal, onSignal)
  }

  /** Waits for the drain: for the grace time, or to its end when it leaves for its size. */
  async end(drained: Promise<void>): Promise<void> {
    const over = new AbortController()
    const wait = (ms: number) => sleep(ms, 'overdue', { signal: over.signal }).catch(() => 'over')
    const ended = drained.then(() => 'ended')
    try {
      if (this.#reason === 'memory') {
        // A signal ends its patience.
        await Promise.race([ended, this.#signalled()])
      }
      if ((await Promise.race([ended, wait(this.#graceMs)])) === 'ended') return
      this.#handBack.abort()
      if ((await Promise.race([ended, wait(letGoMs)])) === 'ended') return
      this.#log.warn({ event: 'left' }, 'what it has in hand does not let go: leaves without it')
      process.exit(1)
    } finally {
      over.abort()
    }
  }

  #signalled(): Promise<void> {
    return new Promise((resolve) => {
      for (const signal of stops) process.once(signal, () => resolve())
    })
  }
}
