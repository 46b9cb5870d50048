/** One worker, as the API shows it. */
import { activityNames } from '../domain/activityNames.ts'
import type { Death } from '../domain/worker.ts'
import type { CopyProgress } from '../postgres/copy/copyProgress.ts'
import type { WorkerView } from '../postgres/ledger/workers.ts'
import { ingestHash } from '../postgres/names.ts'
import type { Heard } from '../temporal/workers.ts'
import { ownVersion } from '../version.ts'
import { goneAtOf, isHeardAfter, problemOf, temporalOf } from './liveness.ts'
import type { TaskNow, Worker } from './view.ts'

interface Witnesses {
  /** The heartbeats of this worker that Temporal has; null when the server does not keep any. */
  heard: Heard[] | null
  copies: CopyProgress[]
}

export function showWorker(view: WorkerView, { heard, copies }: Witnesses): Worker {
  const { startedAt, seenAt, stoppedAt, silentMs, cpu, death, ...rest } = view
  const goneAt = goneAtOf(view)
  return {
    ...rest,
    problem: problemOf(view, heard),
    activities: view.version === ownVersion ? [...activityNames] : null,
    startedAt: startedAt.toISOString(),
    seenAt: seenAt.toISOString(),
    goneAt: goneAt?.toISOString() ?? null,
    death: death && deathOf(death),
    uptimeSeconds: secondsBetween(startedAt, goneAt ?? seenAt),
    queues: view.queues.map((served) => ({ ...served, running: runningOn(view, served.queue) })),
    slots: slotsOf(view),
    tasks: tasksOf(view, copies),
    cpu: Math.round(cpu * 100) / 100,
    temporal: heard && (!goneAt || isHeardAfter(heard, goneAt)) ? temporalOf(heard) : null,
  }
}

const deathOf = ({ at, handedOn, ...death }: Death): Worker['death'] => ({
  ...death,
  at: new Date(at).toISOString(),
  handedOn: handedOn.map(({ activity, ingestId, what, attempt }) => {
    return { activity, ingestId, what, attempt }
  }),
})

/** What it has in hand, with how far its units have come. */
export function tasksOf(
  { tasks, seenAt, pid, silentMs }: WorkerView,
  copies: CopyProgress[],
): TaskNow[] {
  return tasks.map((task) => {
    const unitNo = /^unit (\d+)$/.exec(task.what)?.[1]
    const copy =
      unitNo &&
      copies.find(
        (each) =>
          each.unitNo === Number(unitNo) &&
          each.pid === pid &&
          each.ingestHash === ingestHash(task.ingestId),
      )
    const startedAt = task.startedAt && new Date(task.startedAt)
    return {
      ...task,
      seconds: startedAt ? secondsBetween(startedAt, seenAt, silentMs) : null,
      copied: copy ? { rows: copy.rows, skipped: copy.skipped, sizeBytes: copy.sizeBytes } : null,
    }
  })
}

const secondsBetween = (from: Date, to: Date, moreMs = 0): number =>
  Math.max(0, Math.round((to.getTime() - from.getTime() + moreMs) / 100) / 10)

/** How many tasks of this queue run, without those of queues that share its limit. */
export const runningOn = ({ tasks }: WorkerView, queue: string): number =>
  tasks.filter((task) => task.queue === queue && task.startedAt).length

/** Queues that share a limit have one between them. */
function slotsOf({ queues, tasks }: WorkerView): Worker['slots'] {
  const own = queues.filter(({ shared }) => !shared)
  const limits = queues.filter(({ shared }) => shared).map(({ concurrency }) => concurrency)
  const shared = Math.max(0, ...limits)
  const total = own.reduce((sum, each) => sum + each.concurrency, shared)
  const used = tasks.filter(({ startedAt }) => startedAt).length
  return { total, used, free: Math.max(0, total - used) }
}

/** The slots of living workers. A slot that several queues share is free for each of them. */
export function slotsByQueue(living: readonly WorkerView[]) {
  const slots = new Map<string, { used: number; free: number }>()
  for (const worker of living) {
    for (const { queue, concurrency, running } of worker.queues) {
      const found = slots.get(queue) ?? { used: 0, free: 0 }
      found.used += runningOn(worker, queue)
      if (worker.state === 'running') found.free += Math.max(0, concurrency - running)
      slots.set(queue, found)
    }
  }
  return slots
}
