/**
 * One session that hears for a whole process what others say by NOTIFY.
 *
 * It is a matter of milliseconds only: who waits for a message looks again after a while in any
 * case. A session that is lost is opened again; behind a pooler, whose sessions are no client's, there
 * is none, and everyone goes by looking.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { Connection, Db } from './db.ts'
import type { Channel } from './notify.ts'
import { type Backend, OwnSession } from './ownSession.ts'

/** What somebody waits for. It counts from its making on, also while nobody waits. */
export interface Heard {
  /** Resolves when it was told since the last wait, after `ms`, or when the signal aborts. */
  wait(ms: number, signal: AbortSignal): Promise<void>
  close(): void
}

/** Where there is no listener: only the time passes. */
export const hearNothing: Heard = {
  wait: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => {}),
  close() {},
}

const againMs = { first: 200, max: 10_000 }
/** A connection that broke without a word is found by a question. */
const askEveryMs = 30_000

export class Listener {
  readonly #session: OwnSession
  readonly #log: Logger
  readonly #heard = new Map<string, Set<() => void>>()
  readonly #closing = new AbortController()
  readonly #running: Promise<void>
  #lost = new AbortController()

  /** @param db has room for one connection, and is used by nobody else; it is closed in the end */
  constructor(db: Db, channels: readonly Channel[], log: Logger) {
    this.#log = log
    this.#session = new OwnSession(db, {
      onLost: () => this.#lost.abort(),
      channels,
      onNotified: (channel, id) => this.#tell(channel, id),
    })
    this.#running = this.#run()
  }

  /** Whether messages arrive now. */
  get isListening(): boolean {
    return this.backend !== null
  }

  get backend(): Backend | null {
    return this.#session.backend
  }

  /** The session may be used for more than to listen. One that is lost by that is opened again. */
  async use<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    try {
      return await this.#session.use(work)
    } finally {
      if (!this.isListening) this.#lost.abort()
    }
  }

  /** How many wait for a message, or may. */
  get hearers(): number {
    return [...this.#heard.values()].reduce((sum, { size }) => sum + size, 0)
  }

  hear(channel: Channel, id: string): Heard {
    const key = keyOf(channel, id)
    let isTold = false
    let wake = () => {}
    const tell = () => {
      isTold = true
      wake()
    }
    const hearers = this.#heard.get(key) ?? new Set()
    this.#heard.set(key, hearers.add(tell))
    return {
      async wait(ms, signal) {
        const over = new AbortController()
        const end = () => over.abort()
        wake = end
        // `AbortSignal.any` would leave something behind at a signal that outlives many waits.
        signal.addEventListener('abort', end)
        if (isTold || signal.aborted) end()
        await sleep(ms, undefined, { signal: over.signal }).catch(() => {})
        signal.removeEventListener('abort', end)
        isTold = false
      },
      close: () => {
        hearers.delete(tell)
        if (hearers.size === 0 && this.#heard.get(key) === hearers) this.#heard.delete(key)
      },
    }
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#running
    await this.#session.close()
  }

  #tell(channel: string, id: string): void {
    for (const tell of this.#heard.get(keyOf(channel, id)) ?? []) tell()
  }

  /** Keeps the session open. */
  async #run(): Promise<void> {
    const { signal } = this.#closing
    let waitMs = againMs.first
    while (!signal.aborted) {
      this.#lost = new AbortController()
      try {
        await this.#session.use((own) => own.query('select'))
        waitMs = againMs.first
        if (!this.isListening) {
          this.#log.debug({ event: 'no listening' }, 'behind a pooler: looks in place of listening')
          return
        }
        // Something may have been said while nobody listened.
        for (const hearers of this.#heard.values()) for (const tell of hearers) tell()
        await this.#pause(askEveryMs)
      } catch (error) {
        this.#log.debug({ event: 'not listening' }, `cannot listen: ${messageOf(error)}`)
        await this.#pause(waitMs)
        waitMs = Math.min(2 * waitMs, againMs.max)
      }
    }
  }

  async #pause(ms: number): Promise<void> {
    const signal = AbortSignal.any([this.#closing.signal, this.#lost.signal])
    await sleep(ms, undefined, { signal }).catch(() => {})
  }
}

const keyOf = (channel: string, id: string): string => `${channel} ${id}`
