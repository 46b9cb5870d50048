/** What the Temporal server knows of a task queue: what waits in it, and how fast it may go. */
import type { Client } from '@temporalio/client'
import { dateOf, temporalError } from './ingests.ts'

/** Tasks of one kind in one queue. */
export interface QueueStats {
  /** Tasks that wait; the server counts approximately. */
  waiting: number
  /** How long the oldest one has waited. */
  oldestSeconds: number
  /** A second. */
  addRate: number
  dispatchRate: number
}

export interface QueueView {
  activities: QueueStats
  workflows: QueueStats
  /** The limit of activity starts over all workers; null if none is set. */
  rateLimit: RateLimit | null
  /** How many pollers asked within the last minutes; some of them may be gone. */
  pollers: number
}

export interface RateLimit {
  perSecond: number
  /** Where it was set: by us through the API, or by a worker of the queue in its options. */
  setBy: 'api' | 'worker'
  reason: string | null
  setAt: Date | null
}

// As the server's enums have them.
const taskQueueTypes = { workflow: 1, activity: 2 } as const
const limitSources: Record<number, RateLimit['setBy']> = { 1: 'api', 2: 'worker' }

/** @throws temporal_unavailable */
export async function viewQueue(client: Client, queue: string): Promise<QueueView> {
  try {
    const [workflows, activities] = await Promise.all([
      describe(client, queue, 'workflow'),
      describe(client, queue, 'activity'),
    ])
    return {
      activities: statsOf(activities),
      workflows: statsOf(workflows),
      rateLimit: limitOf(activities),
      pollers: activities.pollers.length + workflows.pollers.length,
    }
  } catch (error) {
    throw temporalError(error)
  }
}

type Description = Awaited<ReturnType<typeof describe>>

const describe = (client: Client, queue: string, type: keyof typeof taskQueueTypes) =>
  client.workflowService.describeTaskQueue({
    namespace: client.options.namespace,
    taskQueue: { name: queue },
    taskQueueType: taskQueueTypes[type],
    reportStats: true,
    reportConfig: true,
  })

function statsOf({ stats }: Description): QueueStats {
  return {
    waiting: Number(stats?.approximateBacklogCount ?? 0),
    oldestSeconds: Number(stats?.approximateBacklogAge?.seconds ?? 0),
    addRate: round(stats?.tasksAddRate ?? 0),
    dispatchRate: round(stats?.tasksDispatchRate ?? 0),
  }
}

/** Null for the server's own limit (thousands a second), which no user has set. */
function limitOf({ effectiveRateLimit, config }: Description): RateLimit | null {
  const { requestsPerSecond, rateLimitSource } = effectiveRateLimit ?? {}
  const setBy = limitSources[rateLimitSource ?? 0]
  if (!setBy) return null
  const { reason, updateTime } = (setBy === 'api' && config?.queueRateLimit?.metadata) || {}
  return {
    perSecond: round(requestsPerSecond ?? 0),
    setBy,
    reason: reason || null,
    setAt: dateOf(updateTime),
  }
}

const limitKnownMs = 5000

/** Tells of queues whether a user has limited them, as it was up to five seconds ago. */
export function rateLimits(client: () => Promise<Client>): (queue: string) => Promise<boolean> {
  const known = new Map<string, { untilMs: number; isLimited: Promise<boolean> }>()
  const ask = async (queue: string) =>
    limitOf(await describe(await client(), queue, 'activity')) !== null
  return (queue) => {
    const found = known.get(queue)
    if (found && performance.now() < found.untilMs) return found.isLimited
    // A server that does not answer that question may keep a limit all the same.
    const isLimited = ask(queue).catch(() => true)
    known.set(queue, { untilMs: performance.now() + limitKnownMs, isLimited })
    return isLimited
  }
}

/** Rates are single-precision numbers of the server. */
const round = (rate: number): number => Math.round(rate * 1000) / 1000

/**
 * Limits how many activities of the queue start in a second, over all its workers. The server
 * keeps it, also when they are gone.
 * @param perSecond null takes the limit away
 * @throws temporal_unavailable
 */
export async function limitQueue(
  client: Client,
  queue: string,
  { perSecond, reason }: { perSecond: number | null; reason: string },
): Promise<void> {
  try {
    await client.workflowService.updateTaskQueueConfig({
      namespace: client.options.namespace,
      identity: client.options.identity,
      taskQueue: queue,
      taskQueueType: taskQueueTypes.activity,
      updateQueueRateLimit: {
        reason,
        ...(perSecond !== null && { rateLimit: { requestsPerSecond: perSecond } }),
      },
    })
  } catch (error) {
    throw temporalError(error)
  }
}
