/** The task queues: which workers serve them, and what waits in them. */
import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf, sluiceError } from '../errors.ts'
import { type NeededQueue, neededQueues } from '../postgres/ledger/underWay.ts'
import { listWorkers, type WorkerView } from '../postgres/ledger/workers.ts'
import { type QueueView, viewQueue } from '../temporal/queues.ts'
import type { FleetDeps } from './deps.ts'
import type { Queue } from './queueView.ts'
import { runningOn } from './show.ts'

const askTimeoutMs = 3000

/** Those that living workers serve, and those that ingests under way and steps need. */
export async function seeQueues(deps: FleetDeps): Promise<Queue[]> {
  const { living, needed } = await readLedger(deps)
  const names = [
    ...living.flatMap(({ queues }) => queues.map(({ queue }) => queue)),
    ...needed.map(({ queue }) => queue),
  ]
  const sorted = [...new Set(names)].sort((a, b) => a.localeCompare(b, 'en'))
  return Promise.all(
    sorted.map(async (queue) => showQueue(queue, { living, needed, view: await ask(deps, queue) })),
  )
}

export async function seeQueue(deps: FleetDeps, queue: string): Promise<Queue> {
  const [ledger, view] = await Promise.all([readLedger(deps), ask(deps, queue)])
  return showQueue(queue, { ...ledger, view })
}

const agreedMs = 2000
const lookEveryMs = 50

/**
 * A queue whose limit was just set: the server's view of it follows a moment later, which is
 * waited for, but not for long.
 */
export async function seeLimited(
  deps: FleetDeps,
  queue: string,
  perSecond: number | null,
): Promise<Queue> {
  const deadline = performance.now() + agreedMs
  const isThere = async () => {
    const { rateLimit = null } = (await ask(deps, queue)) ?? {}
    return isSameRate(rateLimit?.setBy === 'api' ? rateLimit.perSecond : null, perSecond)
  }
  while (!(await isThere()) && performance.now() < deadline) await sleep(lookEveryMs)
  return seeQueue(deps, queue)
}

/** The server rounds rates. */
const isSameRate = (a: number | null, b: number | null): boolean =>
  a === null || b === null ? a === b : Math.abs(a - b) < 0.001 + b / 1e6

/** @throws queue_unknown */
export async function mustBeKnown(deps: FleetDeps, queue: string): Promise<void> {
  const { living, needed } = await readLedger(deps)
  const isListed =
    needed.some((each) => each.queue === queue) ||
    living.some(({ queues }) => queues.some((each) => each.queue === queue))
  if (isListed || isUsed(await ask(deps, queue))) return
  throw sluiceError('queue_unknown', { queue })
}

/** Temporal has a queue for any name that is asked for. */
const isUsed = (view: QueueView | null): boolean =>
  view !== null &&
  (view.pollers > 0 ||
    view.activities.waiting + view.workflows.waiting > 0 ||
    view.rateLimit !== null)

async function readLedger({ db }: FleetDeps): Promise<Ledger> {
  const [workers, needed] = await Promise.all([listWorkers(db), neededQueues(db)])
  return { living: workers.filter(({ state }) => state !== 'gone'), needed }
}

interface Ledger {
  living: WorkerView[]
  needed: NeededQueue[]
}

/** Null without an answer: the workers of a queue are worth showing without Temporal, too. */
async function ask({ temporal, log }: FleetDeps, queue: string): Promise<QueueView | null> {
  try {
    const deadline = Date.now() + askTimeoutMs
    return await temporal.withDeadline(deadline, () => viewQueue(temporal, queue))
  } catch (error) {
    log.debug({ event: 'no queue', queue }, `Temporal does not answer: ${messageOf(error)}`)
    return null
  }
}

/**
 * The server's own list of pollers keeps dead ones for minutes, so the ledger says which
 * workers serve a queue.
 */
function showQueue(
  queue: string,
  { living, needed, view }: Ledger & { view: QueueView | null },
): Queue {
  const workers = living.flatMap((worker) => {
    const served = worker.queues.find((each) => each.queue === queue)
    if (!served || worker.state !== 'running') return []
    const { concurrency, shared } = served
    const { worker: name, instance } = worker
    return [{ worker: name, instance, concurrency, shared, running: runningOn(worker, queue) }]
  })
  const ingests = needed.find((each) => each.queue === queue)?.ingests ?? 0
  const { activities = null, workflows = null, rateLimit = null } = view ?? {}
  const waiting = (activities?.waiting ?? 0) + (workflows?.waiting ?? 0)
  const served = workers.length > 0
  return {
    queue,
    served,
    problem: served ? null : problemOf(waiting, ingests),
    workers,
    slots: {
      total: workers.reduce((sum, { concurrency }) => sum + concurrency, 0),
      running: living.reduce((sum, worker) => sum + runningOn(worker, queue), 0),
    },
    ingests,
    activities,
    workflows,
    rateLimit: rateLimit && { ...rateLimit, setAt: rateLimit.setAt?.toISOString() ?? null },
  }
}

/** The server forgets the backlog of a queue that is not polled, so ingests are counted too. */
function problemOf(waiting: number, ingests: number): string | null {
  const nobody = 'and no worker serves it'
  if (waiting > 0) return `${waiting} ${waiting === 1 ? 'task waits' : 'tasks wait'} ${nobody}.`
  if (ingests > 0)
    return `${ingests} ${ingests === 1 ? 'ingest needs' : 'ingests need'} it, ${nobody}.`
  return null
}
