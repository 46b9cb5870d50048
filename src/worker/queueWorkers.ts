/** The SDK workers of one process, one for each queue: taken up, left, drained and taken up again. */
import type { ResourceBasedController, WorkerOptions } from '@temporalio/worker'
import type { ServedQueue } from '../domain/worker.ts'
import { sluiceError } from '../errors.ts'
import type { TemporalServer } from '../settings/temporal.ts'
import { type SdkOptions, type SdkWorker, startSdkWorker } from './sdkWorker.ts'
import { Slots } from './slots.ts'

export interface QueueOption {
  queue: string
  /** A limit of its own. */
  concurrency?: number
}

/** What the SDK workers of the process have; the queue and the limit are added here. */
export interface CommonOptions {
  workflows: SdkOptions
  activities: (slots: Slots) => SdkOptions
}

export interface QueueWorkersOptions {
  server: TemporalServer
  /** Tasks at once, shared by the queues that have no number of their own. */
  concurrency: number
  autoscale: { min: number; controller: ResourceBasedController } | null
  common: CommonOptions
}

/** Runs the activities of a queue. */
interface QueueWorker extends SdkWorker {
  /** How its limit was set: another one takes its place when that is to change. */
  key: string
}

/** A queue that is to be served, with a limit of its own or within the shared one. */
interface Wanted {
  queue: string
  own: Slots | null
}

/**
 * A queue has two SDK workers: one for activities, and one for workflows, which stays when the limit
 * changes. To start a sandbox for workflows takes most of the time that a new SDK worker takes.
 */
export class QueueWorkers {
  readonly #options: QueueWorkersOptions
  readonly #shared: Slots
  readonly #wanted = new Map<string, Wanted>()
  readonly #workers = new Map<string, QueueWorker>()
  readonly #workflows = new Map<string, SdkWorker>()
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
    const served = [this.#workers.get(queue), this.#workflows.get(queue)]
    await this.#settle()
    await Promise.allSettled(served.map((each) => each?.ended))
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
      const isWanted = (queue: string) => !this.isDrained && this.#wanted.has(queue)
      for (const [queue, { key }] of [...this.#workers]) {
        const wanted = this.#wanted.get(queue)
        if (!isWanted(queue) || !wanted || key !== this.#keyOf(wanted)) {
          this.#leave(this.#workers, queue)
        }
      }
      for (const queue of [...this.#workflows.keys()]) {
        if (!isWanted(queue)) this.#leave(this.#workflows, queue)
      }
      if (this.isDrained) return
      const all = [...this.#wanted.values()]
      const without = (workers: ReadonlyMap<string, unknown>) =>
        all.filter(({ queue }) => !workers.has(queue))
      // One that comes after the failure of another one must be known, to be left again. Activities
      // come last: their first task is not to run before the process says that it is ready.
      const taken = [
        ...(await Promise.allSettled(
          without(this.#workflows).map(({ queue }) => this.#takeWorkflows(queue)),
        )),
        ...(await Promise.allSettled(without(this.#workers).map((each) => this.#take(each)))),
      ]
      const failed = taken.find((each) => each.status === 'rejected')
      if (failed) throw failed.reason
    })
    this.#settling = settling.catch(() => {})
    return settling
  }

  async #take(wanted: Wanted): Promise<void> {
    const { common } = this.#options
    const { queue, own } = wanted
    const limited = { ...common.activities(own ?? this.#shared), ...this.#limitOf(wanted) }
    this.#workers.set(queue, { key: this.#keyOf(wanted), ...(await this.#start(queue, limited)) })
  }

  async #takeWorkflows(queue: string): Promise<void> {
    this.#workflows.set(queue, await this.#start(queue, this.#options.common.workflows))
  }

  async #start(queue: string, options: SdkOptions): Promise<SdkWorker> {
    const started = await startSdkWorker(this.#options.server, queue, options)
    started.ended.catch((error) => this.#fail(error))
    return started
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
  #leave(workers: Map<string, SdkWorker>, queue: string): void {
    const served = workers.get(queue)
    if (!served) return
    workers.delete(queue)
    served.worker.shutdown()
    const left = served.ended.catch(() => {}).finally(() => this.#leaving.delete(left))
    this.#leaving.add(left)
  }
}
