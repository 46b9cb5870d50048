/** Task events in the log: received, started, succeeded, retried, failed, cancelled. */
import { ApplicationFailure, CancelledFailure, type Context, type Info } from '@temporalio/activity'
import type { ActivityInterceptorsFactory } from '@temporalio/worker'
import { handedBack } from '../../activities/attempt/failure.ts'
import { messageOf } from '../errors.ts'
import type { Logger, LogLevel } from '../log.ts'
import type { Slots } from './slots.ts'
import { type TaskEnd, type Tasks, taskOf } from './tasks.ts'

export interface TaskWatch {
  log: Logger
  tasks: Tasks
  /** The slots of the task's queue: the task starts when it gets one. */
  slots: Slots
  /** Aborts when what is in hand is to be handed back. */
  leaving: AbortSignal
}

/** One line for each event of each task that this worker takes. */
export const watchTasks =
  ({ log, tasks, slots, leaving }: TaskWatch): ActivityInterceptorsFactory =>
  (context) => {
    const { info } = context
    const { name, ...task } = describe(info)
    log.info({ ...task, event: 'received' }, `${name} received`)
    return {
      inbound: {
        async execute(input, next) {
          tasks.take(info, input.args[0])
          let startMs = performance.now()
          const seconds = () => (performance.now() - startMs) / 1000
          const took = () => `${seconds().toFixed(3)}s`
          let isIn = false
          try {
            await enter(slots, context, leaving)
            isIn = true
            startMs = performance.now()
            tasks.start(info)
            log.info({ ...task, event: 'started' }, `${name} started${again(info)}`)
            const result = await next(input)
            const message = `${name} succeeded in ${took()}${counts(result)}`
            log.info({ ...task, event: 'succeeded' }, message)
            tasks.end(info, 'succeeded', seconds())
            return result
          } catch (error) {
            const { level, event, end } = outcomeOf(error)
            const message = `${name} ${event} after ${took()}: ${messageOf(error)}`
            log[level]({ ...task, event, error: messageOf(error) }, message)
            tasks.end(info, end, seconds())
            throw error
          } finally {
            if (isIn) slots.leave()
          }
        },
      },
    }
  }

const beatMs = 1000

/** Most often there is a slot: see slots.ts for the rest. */
async function enter(slots: Slots, context: Context, leaving: AbortSignal): Promise<void> {
  const { cancellationSignal } = context
  const beat = setInterval(() => context.heartbeat(), beatMs)
  try {
    await slots.enter(AbortSignal.any([cancellationSignal, leaving]))
  } catch (error) {
    if (cancellationSignal.aborted) await context.cancelled
    throw leaving.aborted ? handedBack() : error
  } finally {
    clearInterval(beat)
  }
}

function describe(info: Info) {
  const { activityType, workflowExecution, attempt, taskQueue } = info
  const ingestId = workflowExecution?.workflowId ?? ''
  return {
    name: `${activityType}[${ingestId}]`,
    activity: activityType,
    ingestId,
    attempt,
    taskQueue,
    task: taskOf(info),
  }
}

const again = ({ attempt }: Info): string => (attempt > 1 ? ` (attempt ${attempt})` : '')

/** A receipt's counts say more than its time. */
function counts(result: unknown): string {
  const { rowsLoaded, rowsRejected } = (result ?? {}) as Record<string, unknown>
  if (typeof rowsLoaded !== 'number') return ''
  const rows = rowsLoaded === 1 ? 'row' : 'rows'
  return `: ${rowsLoaded} ${rows}, ${rowsRejected} ${rowsRejected === 1 ? 'reject' : 'rejects'}`
}

function outcomeOf(error: unknown): { level: LogLevel; event: string; end: TaskEnd } {
  if (error instanceof CancelledFailure) {
    return { level: 'warn', event: 'cancelled', end: 'cancelled' }
  }
  if (error instanceof ApplicationFailure && error.type === 'handed_back') {
    return { level: 'warn', event: 'handed back', end: 'cancelled' }
  }
  const isFinal = error instanceof ApplicationFailure && error.nonRetryable
  if (isFinal) return { level: 'error', event: 'failed', end: 'failed' }
  return { level: 'warn', event: 'retried', end: 'retried' }
}
