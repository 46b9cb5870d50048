/**
 * The schedule of the janitor: one for each ledger, kept by every API and every worker.
 *
 * It is made if it is missing, also after the namespace was reset, and follows the workers: its
 * task queue is one that a worker serves.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type Client,
  ScheduleAlreadyRunning,
  type ScheduleDescription,
  ScheduleNotFoundError,
  type ScheduleOptions,
} from '@temporalio/client'
import type { janitor } from '../../workflows/janitor.ts'
import type { Findings, WorkflowStatus } from '../domain/janitor.ts'
import { messageOf } from '../errors.ts'
import type { Logger } from '../log.ts'
import { temporalError, viewWorkflow } from './ingests.ts'

/** A server that does not answer is asked again later. */
const patienceMs = 10_000

/** What a workflow can have come to; whatever else the server says of it, it goes on. */
const closed: Record<string, WorkflowStatus> = {
  COMPLETED: 'completed',
  FAILED: 'failed',
  CANCELLED: 'cancelled',
  TERMINATED: 'terminated',
  TIMED_OUT: 'timed out',
}

/** @throws temporal_unavailable */
export async function workflowStatusOf(client: Client, ingestId: string): Promise<WorkflowStatus> {
  const deadline = Date.now() + patienceMs
  const found = await client.withDeadline(deadline, () => viewWorkflow(client, ingestId))
  return found && (closed[found.status] ?? 'open')
}

/** A run that finds no worker does not keep the next ones from starting for ever. */
const runTimeout = '30m'

export interface Schedule {
  /** Also the id of its workflow. */
  id: string
  /** 0: there is to be none. */
  everyMs: number
  /** A task queue of the process that asks; null for one that serves none. */
  queue: string | null
  /** Task queues that living workers serve. */
  served: ReadonlySet<string>
}

type Kept = 'made' | 'changed' | 'kept' | 'removed'

/** Makes the schedule, or changes what is not as it should be. Others may do the same meanwhile. */
async function keepSchedule(client: Client, schedule: Schedule): Promise<Kept> {
  const { id, everyMs } = schedule
  const handle = client.schedule.getHandle(id)
  const found = await handle.describe().catch(ignoreMissing)
  if (everyMs === 0) {
    if (!found) return 'kept'
    await handle.delete().catch(ignoreMissing)
    return 'removed'
  }
  if (!found) {
    const queue = chooseQueue(schedule, null)
    return client.schedule.create<typeof janitor>(optionsOf(schedule, queue)).then(
      () => 'made',
      (error) => {
        if (error instanceof ScheduleAlreadyRunning) return 'kept'
        throw error
      },
    )
  }
  return change(client, schedule, found)
}

async function change(
  client: Client,
  schedule: Schedule,
  { action, spec, info }: ScheduleDescription,
): Promise<Kept> {
  const queue = chooseQueue(schedule, action.taskQueue)
  const isServed = queue === action.taskQueue
  if (isServed && spec.intervals?.[0]?.every === schedule.everyMs) return 'kept'
  // The state is kept as it is: an operator may have paused the schedule.
  await client.schedule
    .getHandle(schedule.id)
    .update<typeof janitor>(({ state }) => ({ ...optionsOf(schedule, queue), state }))
  if (isServed) return 'changed'
  // A run that waits in a queue without a worker would hold up the next one.
  for (const { workflow } of info.runningActions) {
    await client.workflow
      .getHandle(workflow.workflowId)
      .terminate('nobody serves its task queue')
      .catch(() => {})
  }
  return 'changed'
}

function ignoreMissing(error: unknown): null {
  if (error instanceof ScheduleNotFoundError) return null
  throw error
}

/** A queue that is served stays; else one's own is best, or the one that most workers serve. */
function chooseQueue({ queue, served }: Schedule, current: string | null): string {
  if (current !== null && (served.has(current) || served.size === 0)) return current
  if (queue !== null && (served.has(queue) || served.size === 0)) return queue
  return served.has('ingest') ? 'ingest' : ([...served].sort()[0] ?? 'ingest')
}

const optionsOf = ({ id, everyMs }: Schedule, taskQueue: string) =>
  ({
    scheduleId: id,
    spec: { intervals: [{ every: everyMs }] },
    action: {
      type: 'startWorkflow',
      workflowType: 'janitor',
      workflowId: id,
      taskQueue,
      args: [] as [],
      workflowExecutionTimeout: runTimeout,
      staticSummary: 'ends ingests whose workflow is gone, and removes what they left',
    },
    policies: { overlap: 'SKIP', catchupWindow: '1m' },
  }) satisfies ScheduleOptions

export interface Keeper {
  client: () => Promise<Client>
  /** What the ledger says: the id of the schedule, and the queues that living workers serve. */
  facts: () => Promise<Pick<Schedule, 'id' | 'served'>>
  /** See Schedule. */
  queue: () => string | null
  everyMs: number
  log: Logger
}

const lookEveryMsMin = 60_000

/**
 * Keeps the schedule. What does not work is a warning, and tried again.
 * @returns ends it, and waits for nothing
 */
export function keepJanitor({ client: connect, facts, queue, everyMs, log }: Keeper): () => void {
  const stop = new AbortController()
  let trouble = ''
  const once = async () => {
    const schedule = { ...(await facts()), everyMs, queue: queue() }
    const client = await connect()
    const deadline = Date.now() + patienceMs
    const kept = await client.withDeadline(deadline, () => keepSchedule(client, schedule))
    if (kept !== 'kept')
      log.info({ event: 'janitor', id: schedule.id }, `janitor: schedule ${kept}`)
    trouble = ''
  }
  const loop = async () => {
    do {
      await once().catch((error) => {
        const { message } = temporalError(error) as Error
        if (message !== trouble && !stop.signal.aborted) {
          log.warn({ event: 'janitor' }, `the janitor has no schedule: ${messageOf(error)}`)
        }
        trouble = message
      })
      const waitMs = Math.max(everyMs, lookEveryMsMin)
      await sleep(waitMs, null, { signal: stop.signal, ref: false }).catch(() => {})
      // Off is off; it need not be said again and again.
    } while (!stop.signal.aborted && everyMs > 0)
  }
  void loop()
  return () => stop.abort()
}

/**
 * One pass at once, whatever the schedule says. One that runs is waited for.
 * @throws temporal_unavailable
 */
export async function runJanitor(
  client: Client,
  { id, queue }: { id: string; queue: string },
): Promise<Findings> {
  try {
    const handle = await client.workflow.start<typeof janitor>('janitor', {
      workflowId: `${id}-now`,
      taskQueue: queue,
      args: [],
      workflowExecutionTimeout: runTimeout,
      workflowIdConflictPolicy: 'USE_EXISTING',
    })
    return await handle.result()
  } catch (error) {
    throw temporalError(error)
  }
}
