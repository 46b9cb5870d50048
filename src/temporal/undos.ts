/** The workflow that takes an ingest back: started once, then looked at. */
import { type Client, WorkflowExecutionAlreadyStartedError } from '@temporalio/client'
import type { undoIngest } from '../../workflows/undo.ts'
import { defaultQueue } from '../domain/routes.ts'
import { type UndoInput, undoWorkflowId } from '../domain/undo.ts'
import type { FullSpec } from '../spec/spec.ts'
import { temporalError } from './ingests.ts'

/** Starts it on the queue of its ingest; one that runs is the same. */
export async function startUndo(
  client: Client,
  input: UndoInput,
  { spec, queue }: { spec: FullSpec; queue: string | null },
): Promise<void> {
  const { priority, tenant } = spec
  try {
    await client.workflow.start<typeof undoIngest>('undoIngest', {
      workflowId: undoWorkflowId(input.ingestId),
      taskQueue: queue ?? spec.queue ?? defaultQueue,
      args: [input],
      // One that has failed has changed nothing, and a later ingest may have the same id.
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      workflowIdConflictPolicy: 'USE_EXISTING',
      priority: { priorityKey: priority, ...(tenant !== null && { fairnessKey: tenant }) },
      staticSummary: `takes ${input.ingestId} back`.slice(0, 200),
    })
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return
    throw temporalError(error)
  }
}
