/** The SDK workers of one process, one for each queue: taken up, left, drained and taken up again. */
import {
  NativeConnection,
  type ResourceBasedController,
  TransportError,
  Worker,
  type WorkerOptions,
} from '@temporalio/worker'
import type { ServedQueue } from '../domain/worker.ts'
import { messageOf, sluiceError } from '../errors.ts'
import type { TemporalServer } from '../settings/temporal.ts'
import { connectOptions } from '../temporal/connect.ts'
import { Slots } from './slots.ts'

export interface QueueOption {
  queue: string
  /** A limit of its own. */
  concurrency?: number
}

/** What every SDK worker of the process has; the slots and the queue are added here. */
export type CommonOptions = (slots: Slots) => Omit<WorkerOptions, 'taskQueue' | 'connection'>

export interface QueueWorkersOptions {
  server: TemporalServer
  /** Tasks at once, shared by the queues that have no number of their own. */
  concurrency: number
  autoscale: { min: number; controller: ResourceBasedController } | null
  common: CommonOptions
}

interface QueueWorker {
  /** How its limit was set: another one takes its place when that is to change. */
  key: string
  worker: Worker
  /** Resolves when nothing of it runs any more. */
  ended: Promise<void>
}

/** A queue that is to be served, with a limit of its own or within the shared one. */
interface Wanted {
  queue: string
  own: Slots | null
}

export class QueueWorkers {
  readonly #options: QueueWorkersOptions
  readonly #shared: Slots
  readonly #wanted = new Map<string, Wanted>()
  readonly #workers = new Map<string, QueueWorker>()
  /** Left, with tasks that still run. */
  readonly #leaving = new Set<Promise<void>>()
  #isDrained = false
  #isHeldOff = false
  #settling: Promise<void> = Promise.resolve()
  /** Rejects when an SDK worker fails for good. */
  readonly failed: Promise<never>
  #fail: (error: unknown) => void = () => {}

  constructor(options: QueueWorkersOptions) {
    this.#options = options
    this.#shared = new Slots(options.concurrency)
    this.failed = new Promise<never>((_, reject) => {
      this.#fail = reject
    })
    this.failed.catch(() => {})
  }

  /** Whether it takes no tasks: it was drained, or is held off. */
  get isDrained(): boolean {
    return this.#isDrained || this.#isHeldOff
  }

  get isHeldOff(): boolean {
    return this.#isHeldOff
  }

  has(queue: string): boolean {
    return this.#wanted.has(queue)
  }

  /** As the ledger shows them. */
  list(): ServedQueue[] {
    return [...this.#wanted.values()].map(({ queue, own }) => {
      const { limit, running } = own ?? this.#shared
      return { queue, concurrency: limit, running, shared: own === null && this.#sharing > 1 }
    })
  }

  /** Activities at once, over all queues. */
  get concurrency(): number {
    const own = [...this.#wanted.values()].reduce((sum, { own }) => sum + (own?.limit ?? 0), 0)
    return own + (this.#sharing > 0 ? this.#shared.limit : 0)
  }

  /**
   * A limit of its own for each that has a number, the shared one for the others.
   * @throws temporal_unavailable
   */
  async add(...queues: QueueOption[]): Promise<void> {
    const before = new Map(this.#wanted)
    for (const { queue, concurrency } of queues) this.#want(queue, concurrency)
    try {
      if (this.#options.autoscale && this.#sharing > 1) {
        throw sluiceError('autoscale_one_queue', {})
      }
      await this.#settle()
    } catch (error) {
      for (const { queue } of queues) if (!before.has(queue)) this.#wanted.delete(queue)
      throw error
    }
  }

  #want(queue: string, concurrency: number | undefined): void {
    const before = this.#wanted.get(queue)
    const own = concurrency === undefined ? null : (before?.own ?? new Slots(concurrency))
    if (own && concurrency !== undefined) own.resize(concurrency)
    this.#wanted.set(queue, { queue, own })
  }

  /** Resolves when its last task has ended. */
  async remove(queue: string): Promise<void> {
    this.#wanted.delete(queue)
    const served = this.#workers.get(queue)
    await this.#settle()
    await served?.ended.catch(() => {})
  }

  /** Changes the shared limit. Resolves when no more activities than that run. */
  async resize(concurrency: number): Promise<void> {
    this.#shared.resize(concurrency)
    await this.#settle()
    await this.#shared.settled()
  }

  /** Takes no more tasks. Resolves when the last one has ended. */
  async drain(): Promise<void> {
    this.#isDrained = true
    await this.#settle()
    await Promise.all(this.#leaving)
  }

  async resume(): Promise<void> {
    this.#isDrained = false
    await this.#settle()
  }

  /** Takes no more tasks for want of what they need, whatever it was told. Does not wait for any. */
  async holdOff(): Promise<void> {
    this.#isHeldOff = true
    await this.#settle()
  }

  /**
   * Takes tasks again, unless it was drained.
   * @throws temporal_unavailable; it is still held off then
   */
  async takeAgain(): Promise<void> {
    this.#isHeldOff = false
    try {
      await this.#settle()
    } catch (error) {
      this.#isHeldOff = true
      throw error
    }
  }

  get #sharing(): number {
    return [...this.#wanted.values()].filter(({ own }) => !own).length
  }

  /**
   * Takes a served at every queue that is wanted, and leaves those that are not, or whose limit was
   * set otherwise. One at a time: what one takes the next one must see.
   */
  #settle(): Promise<void> {
    const settling = this.#settling.then(async () => {
      for (const [queue, { key }] of [...this.#workers]) {
        const wanted = this.#wanted.get(queue)
        if (this.isDrained || !wanted || key !== this.#keyOf(wanted)) this.#leave(queue)
      }
      if (this.isDrained) return
      const missing = [...this.#wanted.values()].filter(({ queue }) => !this.#workers.has(queue))
      // One that comes after the failure of another one must be known, to be left again.
      const taken = await Promise.allSettled(missing.map((wanted) => this.#take(wanted)))
      const failed = taken.find((each) => each.status === 'rejected')
      if (failed) throw failed.reason
    })
    this.#settling = settling.catch(() => {})
    return settling
  }

  /** A connection each: one connection cannot have two SDK workers for a queue, of which one ends. */
  async #take(wanted: Wanted): Promise<void> {
    const { server, common } = this.#options
    const { address } = server
    const connection = await connect(server)
    const worker = await Worker.create({
      ...common(wanted.own ?? this.#shared),
      ...this.#limitOf(wanted),
      connection,
      taskQueue: wanted.queue,
    }).catch(async (error) => {
      await connection.close()
      throw serverError(error, address)
    })
    const ended = worker.run().finally(() => connection.close())
    ended.catch((error) => this.#fail(serverError(error, address)))
    this.#workers.set(wanted.queue, { key: this.#keyOf(wanted), worker, ended })
  }

  #keyOf({ own }: Wanted): string {
    if (own) return `own ${own.limit}`
    if (this.#options.autoscale) return `autoscale ${this.#shared.limit}`
    return this.#sharing === 1 ? `only ${this.#shared.limit}` : 'shared'
  }

  /** The SDK's own setting, unless the limit moves by itself or is shared. */
  #limitOf({ queue, own }: Wanted): Partial<WorkerOptions> {
    const { autoscale } = this.#options
    if (own) return { maxConcurrentActivityTaskExecutions: own.limit }
    if (autoscale) {
      const { controller, min } = autoscale
      const activities = { minimumSlots: min, maximumSlots: this.#shared.limit }
      return { tuner: { controller, activityTaskSlotOptions: activities } }
    }
    if (this.#sharing === 1) return { maxConcurrentActivityTaskExecutions: this.#shared.limit }
    return {
      tuner: {
        activityTaskSlotSupplier: this.#shared.supplier(queue),
        workflowTaskSlotSupplier: { type: 'fixed-size', numSlots: 40 },
        localActivityTaskSlotSupplier: { type: 'fixed-size', numSlots: 1 },
        nexusTaskSlotSupplier: { type: 'fixed-size', numSlots: 1 },
      },
    }
  }

  /** Polls no more; what it has in hand goes on. */
  #leave(queue: string): void {
    const served = this.#workers.get(queue)
    if (!served) return
    this.#workers.delete(queue)
    served.worker.shutdown()
    const left = served.ended.catch(() => {}).finally(() => this.#leaving.delete(left))
    this.#leaving.add(left)
  }
}

async function connect(server: TemporalServer): Promise<NativeConnection> {
  try {
    return await NativeConnection.connect(connectOptions(server))
  } catch (error) {
    throw unavailable(error, server.address)
  }
}

/** The SDK tells of a missing namespace by message only. */
function serverError(error: unknown, address: string): unknown {
  if (!(error instanceof TransportError)) return error
  const [, namespace] = /^Namespace (\S+) was not found/.exec(error.message) ?? []
  if (!namespace) return unavailable(error, address)
  return sluiceError('namespace_unknown', { address, namespace }, { cause: error })
}

const unavailable = (error: unknown, address: string): Error =>
  sluiceError('temporal_unavailable', { address, problem: messageOf(error) }, { cause: error })
