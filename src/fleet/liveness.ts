/** Whether a worker lives: what it says itself, held against what the Temporal server hears. */
import type { Death } from '../domain/worker.ts'
import type { WorkerView } from '../postgres/ledger/workers.ts'
import { type Heard, staleAfterMs } from '../temporal/workers.ts'
import type { Worker } from './view.ts'

/** A worker speaks every second or two; one that does not may be gone, and is soon called so. */
const quietMs = 6000
/** Clocks differ, and last reports reach the server late. */
const lingerMs = 10_000

/** When it left, or was last seen. */
export const goneAtOf = ({ state, stoppedAt, seenAt }: WorkerView): Date | null =>
  state === 'gone' ? (stoppedAt ?? seenAt) : null

/** A container that starts again is another worker with the name, host and process id of the last. */
export function heardOf(
  view: WorkerView,
  all: readonly WorkerView[],
  heard: readonly Heard[],
): Heard[] {
  const { worker, host, pid, startedAt } = view
  const isOf = (other: { worker: string; host: string; pid: number }) =>
    other.worker === worker && other.host === host && other.pid === pid
  if (all.some((other) => isOf(other) && other.startedAt > startedAt)) return []
  return heard.filter((each) => isOf(each) && each.at.getTime() > startedAt.getTime() - lingerMs)
}

export function temporalOf(heard: Heard[]): Worker['temporal'] {
  const newest = newestOf(heard)
  if (!newest) return null
  const fresh = heard.filter(({ at }) => !isStale(at))
  const sum = (slots: 'slotsUsed' | 'slotsFree') =>
    fresh.reduce((total, each) => total + each[slots], 0)
  return {
    seenAt: newest.at.toISOString(),
    slotsUsed: sum('slotsUsed'),
    slotsFree: sum('slotsFree'),
    hostCpu: round(newest.hostCpu),
    hostMemory: round(newest.hostMemory),
  }
}

const newestOf = (heard: readonly Heard[]): Heard | undefined =>
  heard.reduce<Heard | undefined>((newest, each) => {
    return !newest || each.at > newest.at ? each : newest
  }, undefined)

const isStale = (at: Date): boolean => Date.now() - at.getTime() > staleAfterMs

const round = (share: number): number => Math.round(share * 1000) / 1000

export const isHeardAfter = (heard: readonly Heard[], end: Date): boolean =>
  heard.some(({ at }) => !isStale(at) && at.getTime() - end.getTime() > lingerMs)

/** A worker must not look alive when it is not, and not dead when it still takes tasks. */
export function problemOf(view: WorkerView, heard: Heard[] | null): string | null {
  const goneAt = goneAtOf(view)
  if (goneAt) return problemOfGone(view, isHeardAfter(heard ?? [], goneAt))
  return problemOfLiving(view, heard)
}

function problemOfGone(view: WorkerView, isHeard: boolean): string | null {
  const { stoppedAt, tasks, death } = view
  const heard = 'but Temporal still hears from it: its process goes on, and may take tasks'
  if (stoppedAt) return isHeard ? `It said that it left, ${heard}.` : null
  if (death && isFoundDead(view)) return foundDead(death)
  if (isHeard) return `It is cut off from the database, ${heard}.`
  const handed = tasks.length > 0 ? '; what it had in hand goes to other workers' : ''
  return `It fell silent without leaving: killed, or cut off from the database${handed}.`
}

/** Since it spoke last. */
const isFoundDead = ({ death, seenAt }: WorkerView): boolean =>
  death !== null && Date.parse(death.at) >= seenAt.getTime()

function foundDead({ by, cause, silentMs, handedOn }: Death): string {
  const seconds = (silentMs / 1000).toFixed(1)
  const how =
    cause === 'killed'
      ? `Its process ended without a word: ${by} found that`
      : `It does not answer, frozen or cut off from the database: ${by} found that`
  const { length } = handedOn
  const what = length === 0 ? 'it had nothing in hand' : `handed on: ${length}`
  return `${how} after ${seconds} s; ${what}.`
}

function problemOfLiving(view: WorkerView, heard: Heard[] | null): string | null {
  const { state, silentMs, startedAt, seenAt, queues } = view
  if (silentMs > quietMs) return `It has said nothing for ${Math.round(silentMs / 1000)} s.`
  // One that is drained, or leaves, does not poll any more.
  if (state !== 'running' || !heard) return null
  const isNew = seenAt.getTime() - startedAt.getTime() < staleAfterMs
  if (isNew) return null
  for (const { queue } of queues) {
    const last = newestOf(heard.filter((each) => each.queue === queue))
    if (last && isStale(last.at)) {
      return `Temporal has not heard of it since ${last.at.toISOString()} (queue ${queue}).`
    }
  }
  if (heard.length > 0 || queues.length === 0) return null
  return 'Temporal has not heard of it.'
}
