/** Timeouts and retries of every activity, in one place. */
import type { ActivityOptions } from '@temporalio/workflow'
import type { StepPlan } from '../src/domain/step.ts'
import { heartbeatTimeoutMs } from '../src/domain/worker.ts'

/**
 * Errors of users and data do not retry, which the activity itself says; everything else is
 * tried again until it works: a database that is down for a night costs a night, not an ingest.
 */
const retry = { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '30s' } as const

const hourMs = 60 * 60 * 1000

const base = {
  // A worker that died is noticed by the others, see src/fleet/deadWorkers.ts. This is for what
  // they cannot see, and leaves room for a step that computes for 10 s on the main thread.
  heartbeatTimeout: heartbeatTimeoutMs,
  // A cancel does not wait for a worker that does not answer: the sweep ends what it left.
  cancellationType: 'TRY_CANCEL',
  retry,
} as const satisfies ActivityOptions

/** Bounded work: a page of files, 64 MB to stage, one unit. */
export const short = { ...base, startToCloseTimeout: hourMs }

/** It must overtake the units that wait for the same workers: it is about them. */
export const soon = { ...short, priority: { priorityKey: 1 } } satisfies ActivityOptions

/** Work that grows with the ingest: a listing, a plan, an `insert … select`. */
export const long = { ...base, startToCloseTimeout: 24 * hourMs }

/** The end of an ingest, also of a cancelled one: it must not give up. */
export const final: ActivityOptions = {
  ...base,
  startToCloseTimeout: hourMs,
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
}

/** For tests, which would wait for long whenever they kill a worker. */
export const heartbeatOf = ({ heartbeatMs }: { heartbeatMs?: number }): ActivityOptions =>
  heartbeatMs === undefined ? {} : { heartbeatTimeout: heartbeatMs }

/** The user's work: the step sets its retries, and a worker that died does not use one up. */
export const ofStep = ({ step, queue, retry }: StepPlan, timeoutMs: number): ActivityOptions => ({
  ...base,
  startToCloseTimeout: timeoutMs,
  summary: step,
  ...(queue !== null && { taskQueue: queue }),
  retry: {
    initialInterval: retry.initialMs,
    backoffCoefficient: retry.backoff,
    maximumInterval: Math.max(retry.initialMs, retry.maximumMs),
  },
})

/** A step for several files: what throws is for an activity of its own, so this one is tried as ours. */
export const ofFiles = ({ step, queue }: StepPlan, timeoutMs: number): ActivityOptions => ({
  ...base,
  startToCloseTimeout: timeoutMs,
  summary: step,
  ...(queue !== null && { taskQueue: queue }),
})
