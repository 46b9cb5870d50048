/** Task events in the log: received, started, succeeded, retried, failed, cancelled. */
import { ApplicationFailure, CancelledFailure, type Info } from '@temporalio/activity'
import type { ActivityInterceptorsFactory } from '@temporalio/worker'
import { messageOf } from '../errors.ts'
import type { Logger, LogLevel } from '../log.ts'

/** One line for each event of each task that this worker takes. */
export const logTasks =
  (log: Logger): ActivityInterceptorsFactory =>
  ({ info }) => {
    const { name, ...task } = describe(info)
    log.info({ ...task, event: 'received' }, `${name} received`)
    return {
      inbound: {
        async execute(input, next) {
          const startedAt = performance.now()
          const took = () => `${((performance.now() - startedAt) / 1000).toFixed(3)}s`
          log.info({ ...task, event: 'started' }, `${name} started${again(info)}`)
          try {
            const result = await next(input)
            log.info(
              { ...task, event: 'succeeded' },
              `${name} succeeded in ${took()}${counts(result)}`,
            )
            return result
          } catch (error) {
            const { level, event } = outcomeOf(error)
            const message = `${name} ${event} after ${took()}: ${messageOf(error)}`
            log[level]({ ...task, event, error: messageOf(error) }, message)
            throw error
          }
        },
      },
    }
  }

function describe({ activityType, workflowExecution, attempt, taskQueue, base64TaskToken }: Info) {
  const ingestId = workflowExecution?.workflowId ?? ''
  const task = base64TaskToken.slice(-12)
  return {
    name: `${activityType}[${ingestId}]`,
    activity: activityType,
    ingestId,
    attempt,
    taskQueue,
    task,
  }
}

const again = ({ attempt }: Info): string => (attempt > 1 ? ` (attempt ${attempt})` : '')

/** A receipt's counts say more than its time. */
function counts(result: unknown): string {
  const { rowsLoaded, rowsRejected } = (result ?? {}) as Record<string, unknown>
  return typeof rowsLoaded === 'number' ? `: ${rowsLoaded} rows, ${rowsRejected} rejects` : ''
}

function outcomeOf(error: unknown): { level: LogLevel; event: string } {
  if (error instanceof CancelledFailure) return { level: 'warn', event: 'cancelled' }
  const final = error instanceof ApplicationFailure && error.nonRetryable
  return final ? { level: 'error', event: 'failed' } : { level: 'warn', event: 'retried' }
}
