/** What clients do with the workflow of an ingest: start, pause, resume, cancel, look. */
import {
  type Client,
  isGrpcServiceError,
  ServiceError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
} from '@temporalio/client'
import type { ingest } from '../../workflows/ingest.ts'
import type { FullSpec } from '../domain/spec.ts'
import { messageOf, type SluiceError, sluiceError } from '../errors.ts'
import { sourceAttribute, targetAttribute } from './searchAttributes.ts'

export interface StartIngest {
  ingestId: string
  spec: FullSpec
  target: string
  /** Whether the server knows our search attributes. */
  attributes: boolean
  /** For tests: history events after which a run continues as new. */
  historyEventsMax?: number
}

/**
 * Starts the workflow of an ingest, once: one that runs stays what it is.
 * @returns false when it has ended before
 */
export async function startIngest(client: Client, start: StartIngest): Promise<boolean> {
  const { ingestId, spec, target, attributes, historyEventsMax } = start
  const { parallelism, priority, tenant, queue, rejects, source } = spec
  try {
    await client.workflow.start<typeof ingest>('ingest', {
      workflowId: ingestId,
      taskQueue: queue,
      args: [
        {
          target,
          parallelism,
          rejectsMax: rejects.max,
          ...(historyEventsMax && { historyEventsMax }),
        },
      ],
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
      workflowIdConflictPolicy: 'USE_EXISTING',
      // Its activities inherit it. Tasks of one priority are dispatched by tenant, in turns.
      priority: { priorityKey: priority, ...(tenant !== null && { fairnessKey: tenant }) },
      staticSummary: `${source.kind} → ${target}`.slice(0, 200),
      ...(attributes && {
        typedSearchAttributes: [
          { key: targetAttribute, value: target },
          { key: sourceAttribute, value: source.kind },
        ],
      }),
    })
    return true
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return false
    throw temporalError(error)
  }
}

export type Steer = 'pause' | 'resume' | 'cancel'

/**
 * A cancel is accepted also by a workflow that has ended.
 * @returns false when there is no workflow that could hear it
 */
export async function steerIngest(
  client: Client,
  ingestId: string,
  steer: Steer,
): Promise<boolean> {
  const handle = client.workflow.getHandle(ingestId)
  try {
    if (steer === 'cancel') await handle.cancel()
    else await handle.signal(steer)
    return true
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false
    throw temporalError(error)
  }
}

/** What the server knows of an ingest under way that the ledger does not. */
export interface WorkflowView {
  /** As Temporal names it: RUNNING, TERMINATED, TIMED_OUT … */
  status: string
  runId: string
  historyEvents: number
  /** Activities that failed and will be tried again. */
  retrying: { activity: string; attempt: number; error: string }[]
}

/** @returns null when the server has no such workflow (any more) */
export async function viewWorkflow(client: Client, ingestId: string): Promise<WorkflowView | null> {
  try {
    const description = await client.workflow.getHandle(ingestId).describe()
    const pending = description.raw.pendingActivities ?? []
    return {
      status: description.status.name,
      runId: description.runId,
      historyEvents: description.historyLength,
      retrying: pending
        .filter((activity) => activity.lastFailure)
        .map((activity) => ({
          activity: activity.activityType?.name ?? '',
          attempt: activity.attempt ?? 0,
          error: activity.lastFailure?.message ?? '',
        })),
    }
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null
    throw temporalError(error)
  }
}

function temporalError(error: unknown): SluiceError | unknown {
  // The client wraps most of what gRPC says, which is then the cause.
  if (!(error instanceof ServiceError) && !isGrpcServiceError(error)) return error
  const problem = messageOf((error as Error).cause ?? error)
  return sluiceError('temporal_unavailable', { address: 'the server', problem }, { cause: error })
}
