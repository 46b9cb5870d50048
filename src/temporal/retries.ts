/** The workflow of a retry: started once, then looked at. */
import {
  type Client,
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
} from '@temporalio/client'
import { ApplicationFailure } from '@temporalio/common'
import type { retryRejects } from '../../workflows/retry.ts'
import { type RetryInput, retryWorkflowId } from '../domain/retry.ts'
import { defaultQueue } from '../domain/routes.ts'
import { messageOf } from '../errors.ts'
import type { FullSpec } from '../spec/spec.ts'
import { temporalError } from './ingests.ts'

/** Starts it like its ingest; one of that id that runs is the same retry. */
export async function startRetry(
  client: Client,
  input: RetryInput,
  { spec, queue }: { spec: FullSpec; queue: string | null },
): Promise<void> {
  const { priority, tenant } = spec
  try {
    await client.workflow.start<typeof retryRejects>('retryRejects', {
      workflowId: retryWorkflowId(input),
      taskQueue: queue ?? spec.queue ?? defaultQueue,
      args: [input],
      // One that has failed has loaded nothing.
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      workflowIdConflictPolicy: 'USE_EXISTING',
      priority: { priorityKey: priority, ...(tenant !== null && { fairnessKey: tenant }) },
      staticSummary: `rejects of ${input.ingestId}`.slice(0, 200),
    })
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return
    throw temporalError(error)
  }
}

/** Why a workflow failed; null when it has not. */
export async function failureOf(
  client: Client,
  workflowId: string,
): Promise<{ code: string; message: string; hint: string | null } | null> {
  try {
    await client.workflow.getHandle(workflowId).result()
    return null
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw temporalError(error)
    const { cause } = error
    const details = cause instanceof ApplicationFailure ? cause.details?.[0] : null
    const { hint = null } = (details ?? {}) as { hint?: string | null }
    const code = (cause instanceof ApplicationFailure && cause.type) || 'unexpected'
    return { code, message: messageOf(cause ?? error), hint }
  }
}
