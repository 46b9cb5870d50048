/** What clients do with the workflow of an ingest: start, pause, resume, cancel, look. */
import {
  type Client,
  isGrpcServiceError,
  ServiceError,
  WorkflowExecutionAlreadyStartedError,
  type WorkflowExecutionDescription,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client'
import type { ingest } from '../../workflows/ingest.ts'
import type { ingestTargets } from '../../workflows/targets.ts'
import { smallBytesMax as ordinarySmallBytesMax } from '../domain/ingestInput.ts'
import { defaultQueue } from '../domain/routes.ts'
import { stepFilesMax as ordinaryStepFilesMax } from '../domain/step.ts'
import type { LimitsByVerb } from '../domain/timeLimits.ts'
import { messageOf, type SluiceError, sluiceError } from '../errors.ts'
import type { FullSpec } from '../spec/spec.ts'
import { ensureSearchAttributes, sourceAttribute, targetAttribute } from './searchAttributes.ts'

export interface StartIngest {
  ingestId: string
  spec: FullSpec
  target: string | null
  /** The task queue of the workflow; the one that the spec names if absent, else the default. */
  queue?: string
  /** The time limits of the verbs, by verb. */
  limits?: LimitsByVerb
  /** Whether the server knows our search attributes. */
  attributes: boolean
  /** An ingest of that id was taken back: its workflow has ended, and may have the id no longer. */
  isAgain?: boolean
  /** For tests: 0 gives every ingest an activity for each verb. */
  smallBytesMax?: number
  /** For tests: 1 gives every file an activity of its own for each step. */
  stepFilesMax?: number
  /** For tests: bytes of a lot, at most. */
  lotBytesMax?: number
  /** For tests: history events after which a run continues as new. */
  historyEventsMax?: number
  /** For tests: how long a worker may be silent before its work is given to another one. */
  heartbeatMs?: number
}

/**
 * Starts the workflow of an ingest, once: one that runs stays what it is.
 * @returns false when it has ended before
 */
export async function startIngest(client: Client, start: StartIngest): Promise<boolean> {
  const { ingestId, spec, target, queue = spec.queue ?? defaultQueue, limits, attributes } = start
  const { smallBytesMax = ordinarySmallBytesMax, historyEventsMax, heartbeatMs } = start
  const { stepFilesMax = ordinaryStepFilesMax, isAgain = false, lotBytesMax } = start
  const { parallelism, priority, tenant, rejects, source, steps } = spec
  try {
    const workflow = spec.targets ? 'ingestTargets' : 'ingest'
    await client.workflow.start<typeof ingest | typeof ingestTargets>(workflow, {
      workflowId: ingestId,
      taskQueue: queue,
      args: [
        {
          target,
          parallelism,
          rejectsMax: rejects.max,
          ...(limits && { limits }),
          ...(smallBytesMax > 0 && { smallBytesMax }),
          ...(stepFilesMax > 1 && { stepFilesMax }),
          ...(lotBytesMax && { lotBytesMax }),
          ...(historyEventsMax && { historyEventsMax }),
          ...(heartbeatMs && { heartbeatMs }),
        },
      ],
      workflowIdReusePolicy: isAgain ? 'ALLOW_DUPLICATE' : 'REJECT_DUPLICATE',
      workflowIdConflictPolicy: 'USE_EXISTING',
      // Its activities inherit it. Tasks of one priority are dispatched by tenant, in turns.
      priority: { priorityKey: priority, ...(tenant !== null && { fairnessKey: tenant }) },
      staticSummary: `${source.kind} → ${target ?? steps?.join(', ')}`.slice(0, 200),
      ...(attributes && { typedSearchAttributes: searchable(source.kind, target) }),
    })
    return true
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return false
    throw temporalError(error)
  }
}

const searchable = (source: string, target: string | null) => [
  ...(target === null ? [] : [{ key: targetAttribute, value: target }]),
  { key: sourceAttribute, value: source },
]

/** Starts the workflow of an ingest that was entered, and not started. */
export async function startUnstarted(
  client: Client,
  ingest: {
    ingestId: string
    spec: FullSpec
    target: string | null
    queue: string | null
    limits: LimitsByVerb | null
    isAgain: boolean
  },
): Promise<void> {
  const { ingestId, spec, target, queue, limits, isAgain } = ingest
  const attributes = await ensureSearchAttributes(client).catch(() => false)
  await startIngest(client, {
    ...{ ingestId, spec, target, attributes, isAgain },
    ...(queue !== null && { queue }),
    ...(limits && { limits }),
  })
}

export type Steer = 'pause' | 'resume' | 'cancel'

/**
 * Says it without waiting for an answer: the server keeps a pause or resume until a worker takes
 * it up. A cancel is accepted also by a workflow that has ended.
 * @param order see workflows/signals.ts
 * @returns false when there is no workflow that could hear it
 */
export async function steerIngest(
  client: Client,
  ingestId: string,
  steer: Steer,
  order?: number,
): Promise<boolean> {
  const handle = client.workflow.getHandle(ingestId)
  try {
    if (steer === 'cancel') await handle.cancel()
    else await handle.signal(steer, ...(order === undefined ? [] : [order]))
    return true
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false
    throw temporalError(error)
  }
}

/**
 * How a pause or resume was answered: `marked` when the ledger says it, `accepted` when it will,
 * `unanswered` when no worker has taken it up (or one of a version that cannot answer).
 */
export type SteerAnswer = 'marked' | 'accepted' | 'unanswered' | 'ended'

/** Says it and waits for the answer, for `acceptMs` and then `markMs` at most. */
export async function askIngest(
  client: Client,
  ingestId: string,
  steer: Exclude<Steer, 'cancel'>,
  { order, acceptMs, markMs }: { order: number; acceptMs: number; markMs: number },
): Promise<SteerAnswer> {
  const handle = client.workflow.getHandle(ingestId)
  const within = <T>(ms: number, call: () => Promise<T>) =>
    client.withDeadline(Date.now() + ms, call)
  let answer: SteerAnswer = 'unanswered'
  try {
    const update = await within(acceptMs, () =>
      handle.startUpdate<void, [number]>(steer, { args: [order], waitForStage: 'ACCEPTED' }),
    )
    answer = 'accepted'
    await within(markMs, () => update.result())
    return 'marked'
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return 'ended'
    // Too many at once, or a worker of an earlier version: the server keeps a signal for it.
    const isOfUpdate =
      error instanceof WorkflowUpdateRPCTimeoutOrCancelledError ||
      error instanceof WorkflowUpdateFailedError ||
      (error instanceof ServiceError &&
        isGrpcServiceError(error.cause) &&
        error.cause.code === busy)
    if (isOfUpdate) return answer
    throw temporalError(error)
  }
}

/** The status RESOURCE_EXHAUSTED of gRPC: ten updates of a workflow may wait at once. */
const busy = 8

/** What the server knows of an ingest under way that the ledger does not. */
export interface WorkflowView {
  /** As Temporal names it: RUNNING, TERMINATED, TIMED_OUT … */
  status: string
  runId: string
  historyEvents: number
  /** The task queue of the workflow. */
  queue: string
  pending: PendingTask[]
}

/** An activity that has been asked for and has not ended. */
export interface PendingTask {
  activity: string
  queue: string
  /** A worker has it in hand. */
  isStarted: boolean
  /** The one that runs, or comes next. */
  attempt: number
  /** Why the attempt before failed. */
  error: string | null
  /** null: as soon as a worker takes it. */
  nextAttemptAt: Date | null
}

/** @returns null when the server has no such workflow (any more) */
export async function viewWorkflow(client: Client, ingestId: string): Promise<WorkflowView | null> {
  try {
    const { status, runId, historyLength, taskQueue, raw } = await client.workflow
      .getHandle(ingestId)
      .describe()
    return {
      status: status.name,
      runId,
      historyEvents: historyLength,
      queue: taskQueue,
      pending: (raw.pendingActivities ?? []).map((activity) => pendingOf(activity, taskQueue)),
    }
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null
    throw temporalError(error)
  }
}

type Pending = NonNullable<WorkflowExecutionDescription['raw']['pendingActivities']>[number]

/** PENDING_ACTIVITY_STATE_SCHEDULED: no worker has it, or it waits for its next attempt. */
const scheduled = 1

const pendingOf = (activity: Pending, workflowQueue: string): PendingTask => ({
  activity: activity.activityType?.name ?? '',
  queue: activity.activityOptions?.taskQueue?.name || workflowQueue,
  isStarted: activity.state !== scheduled,
  attempt: activity.attempt ?? 0,
  error: activity.lastFailure?.message ?? null,
  nextAttemptAt: dateOf(activity.nextAttemptScheduleTime),
})

/** A protobuf Timestamp as a Date; null if absent. */
export const dateOf = (time: { seconds?: unknown; nanos?: unknown } | null | undefined) =>
  time ? new Date(Number(time.seconds ?? 0) * 1000 + Number(time.nanos ?? 0) / 1e6) : null

/** The status INVALID_ARGUMENT of gRPC. */
const invalidArgument = 3

export function temporalError(error: unknown): SluiceError | unknown {
  // The client wraps most of what gRPC says, which is then the cause.
  if (!(error instanceof ServiceError) && !isGrpcServiceError(error)) return error
  const said = (error as Error).cause ?? error
  const problem = messageOf(said)
  // The request itself is at fault, and would be the next time: a name that the server reserves.
  if (isGrpcServiceError(said) && said.code === invalidArgument) {
    return sluiceError('request_invalid', { problem }, { cause: error })
  }
  return sluiceError('temporal_unavailable', { address: 'the server', problem }, { cause: error })
}
