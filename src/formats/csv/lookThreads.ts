/**
 * Threads that look at values while the main thread walks on, which never waits for them: where none
 * is free it looks itself, and what they have not answered at the end of a file it looks at once more.
 */
import { availableParallelism } from 'node:os'
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads'
import type { Dialect } from './dialect.ts'
import { memory, windowBytes } from './loop.ts'
import { type Looked, ValueScan } from './valueScan.ts'

/** A file of fewer bytes is looked at before a thread has started. */
const startBytesMin = 16 * 1024 * 1024
/** The main thread reads and walks no faster than three of them look. */
const threadsMax = 3
/** To give less to a thread takes longer than to look. */
const defaultBytesMin = 128 * 1024
/** One is looked at while the next one is there already. */
const windowsEach = 2
/** Shared memory is copied word by word, and byte by byte where that would cross words: eight times as slow. */
const wordBytes = 8
/** For what is looked at; the windows lie outside of it. */
const youngMb = 4

/** Plain records of one file, for the loops of another thread. */
export interface LookOrder {
  /** The number of a TypeScan of this process. */
  scan: number
  dialect: Dialect
  width: number
  /** Fields that nothing more is asked of. */
  left: readonly number[]
  /** The line of the first record. */
  line: number
}

export interface LookMessage extends LookOrder {
  /** Which of the thread's windows, and where the records lie in it. */
  window: number
  from: number
  to: number
}

/** What a thread says when it is ready, and then for each message. */
export type LookAnswer = 'ready' | { window: number; looked: Looked }

/** What a thread was asked to look at. */
export class Looking {
  /** Null until it has answered. */
  looked: Looked | null = null
  readonly #order: LookOrder
  readonly #bytes: Buffer

  constructor(order: LookOrder, bytes: Buffer) {
    this.#order = order
    this.#bytes = bytes
  }

  /** Does not wait for the thread. What that has seen before makes no difference. */
  lookHere(): Looked {
    const { dialect, width, left, line } = this.#order
    const sizeBytes = this.#bytes.length
    // A walk may be in the middle of what lies there.
    const before = Buffer.from(memory.bytes.subarray(0, sizeBytes))
    this.#bytes.copy(memory.bytes)
    const scan = new ValueScan(dialect, width)
    for (const field of left) scan.leave(field)
    scan.plain(0, sizeBytes, line)
    before.copy(memory.bytes)
    this.looked = scan.take()
    return this.looked
  }
}

interface Window {
  bytes: Buffer
  looking: Looking | null
}

class LookThread {
  readonly #worker: Worker
  readonly #port: MessagePort
  readonly #windows: Window[]
  /** Until it has started nothing is given to it. */
  #isReady = false

  constructor(onEnd: (thread: LookThread) => void) {
    const memories = Array.from(
      { length: windowsEach },
      () => new SharedArrayBuffer(windowBytes + wordBytes),
    )
    this.#windows = memories.map((shared) => ({ bytes: Buffer.from(shared), looking: null }))
    const { port1, port2 } = new MessageChannel()
    this.#port = port1
    this.#worker = startThread(port2, memories)
    // Its end follows, and that is enough to know.
    this.#worker.on('error', () => {})
    this.#worker.on('exit', () => {
      onEnd(this)
      port1.close()
    })
    this.#worker.unref()
  }

  /** How many windows are free now. */
  free(): number {
    this.receive()
    return this.#isReady ? this.#windows.filter(({ looking }) => !looking).length : 0
  }

  look(order: LookOrder, bytes: Buffer): Looking {
    const index = this.#windows.findIndex(({ looking }) => !looking)
    const window = this.#windows[index] as Window
    const from = bytes.byteOffset % wordBytes
    const to = from + bytes.length
    bytes.copy(window.bytes, from)
    const message: LookMessage = { ...order, window: index, from, to }
    this.#port.postMessage(message)
    window.looking = new Looking(order, window.bytes.subarray(from, to))
    return window.looking
  }

  /** Takes what it has answered so far. */
  receive(): void {
    for (;;) {
      const received = receiveMessageOnPort(this.#port) as { message: LookAnswer } | undefined
      if (!received) return
      const { message } = received
      if (message === 'ready') this.#isReady = true
      else this.#answered(message)
    }
  }

  async end(): Promise<void> {
    await this.#worker.terminate()
  }

  #answered({ window: index, looked }: Exclude<LookAnswer, 'ready'>): void {
    const window = this.#windows[index]
    if (!window?.looking) return
    window.looking.looked ??= looked
    window.looking = null
  }
}

/** From the source a thread has to find tsx first; in dist/ it is a file of its own, see scripts/bundle.mjs. */
function startThread(port: MessagePort, windows: SharedArrayBuffer[]): Worker {
  const entry = new URL('./lookThread.ts', import.meta.url)
  const isSource = entry.pathname.endsWith('.ts')
  const start = isSource ? new URL('../../../bin/sourceThread.js', import.meta.url) : entry
  return new Worker(start, {
    workerData: { entry: entry.href, port, windows },
    transferList: [port],
    // What this process was started with is not for it.
    execArgv: [],
    resourceLimits: { maxYoungGenerationSizeMb: youngMb },
  })
}

/** All those of a process. */
export class LookThreads {
  readonly #count: number
  readonly #bytesMin: number
  readonly #threads = new Set<LookThread>()

  constructor(count: number, { bytesMin = defaultBytesMin } = {}) {
    this.#count = count
    this.#bytesMin = bytesMin
  }

  /** How many there are, and how many looks they would take now. */
  get running(): number {
    return this.#threads.size
  }

  free(): number {
    let free = 0
    for (const thread of this.#threads) free += thread.free()
    return free
  }

  /** Those that have ended are started anew. */
  start(): void {
    while (this.#threads.size < this.#count) {
      this.#threads.add(new LookThread((thread) => this.#threads.delete(thread)))
    }
  }

  /**
   * @param bytes they may change when it returns
   * @returns null when no thread is free, or they are too few
   */
  look(order: LookOrder, bytes: Buffer): Looking | null {
    if (bytes.length < this.#bytesMin) return null
    let freest: LookThread | null = null
    let most = 0
    for (const thread of this.#threads) {
      const free = thread.free()
      if (free > most) freest = thread
      most = Math.max(most, free)
    }
    return freest?.look(order, bytes) ?? null
  }

  /** Takes what they have answered so far. */
  receive(): void {
    for (const thread of this.#threads) thread.receive()
  }

  async end(): Promise<void> {
    await Promise.all([...this.#threads].map((thread) => thread.end()))
  }
}

const threads = new LookThreads(Math.min(threadsMax, availableParallelism() - 1))

/** Those that look at a file of so many bytes beside this thread. */
export function lookThreads(sizeBytes: number): LookThreads {
  if (sizeBytes >= startBytesMin) threads.start()
  return threads
}
