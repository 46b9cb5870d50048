/** Gives the tasks of a worker that died to others, before the server notices by itself. */
import { ActivityNotFoundError, type Client } from '@temporalio/client'
import { ApplicationFailure } from '@temporalio/common'
import { sluiceError } from '../errors.ts'
import { temporalError } from './ingests.ts'
import { listHeard } from './workers.ts'

/**
 * Fails one attempt, so that the server starts the next one at once. The token names the attempt:
 * a later one is never touched.
 * @returns false when the attempt has ended already
 * @throws temporal_unavailable
 */
export async function failTask(
  client: Client,
  token: string,
  died: { worker: string; seconds: number },
): Promise<boolean> {
  const { message, code, hint } = sluiceError('worker_died', died)
  const failure = ApplicationFailure.create({
    message,
    type: code,
    details: [{ code, hint }],
    nextRetryDelay: 1,
  })
  try {
    await client.activity.fail(Buffer.from(token, 'base64'), failure)
    return true
  } catch (error) {
    if (error instanceof ActivityNotFoundError) return false
    throw temporalError(error)
  }
}

/** The next workflow task of the ingest goes to any worker, not to the one that had it last. */
export async function forgetLastWorker(client: Client, ingestId: string): Promise<void> {
  const { namespace } = client.options
  await client.workflowService
    .resetStickyTaskQueue({ namespace, execution: { workflowId: ingestId } })
    .catch(() => {}) // Without it the task waits for the timeout of the queue of that worker.
}

/**
 * Ends the calls in which a worker that does not answer still asks for tasks: the server would hand
 * it the next ones, which would wait there. Servers before 1.30 cannot.
 */
export async function endPolls(
  client: Client,
  dead: { worker: string; host: string; pid: number; queues: string[] },
): Promise<void> {
  const { namespace } = client.options
  const heard = (await listHeard(client)) ?? []
  const theirs = heard.filter(
    ({ worker, host, pid }) => worker === dead.worker && host === dead.host && pid === dead.pid,
  )
  await Promise.all(
    theirs.map(({ key, queue }) =>
      client.workflowService.shutdownWorker({
        namespace,
        identity: dead.worker,
        reason: 'it does not answer',
        workerInstanceKey: key,
        taskQueue: queue,
        taskQueueTypes: [1, 2],
      }),
    ),
  )
}
