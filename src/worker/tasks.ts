/** The tasks that a worker has in hand, and how many have ended how. */
import type { Info } from '@temporalio/activity'
import type { TaskView, Totals } from '../domain/worker.ts'

export type TaskEnd = 'succeeded' | 'failed' | 'retried' | 'cancelled'

export class Tasks {
  readonly #inHand = new Map<string, { view: TaskView; token: string }>()
  readonly #totals: Record<string, Totals> = {}
  /** Called when there is one more in hand. */
  onTaken: () => void = () => {}

  take(info: Info, input: unknown): void {
    const task = taskOf(info)
    const view = {
      task,
      activity: info.activityType,
      ingestId: info.workflowExecution?.workflowId ?? '',
      what: whatOf(input),
      queue: info.taskQueue,
      attempt: info.attempt,
      startedAt: null,
      progress: null,
    }
    this.#inHand.set(task, { view, token: info.base64TaskToken })
    this.onTaken()
  }

  start(info: Info): void {
    const task = this.#inHand.get(taskOf(info))
    if (task) task.view.startedAt = new Date().toISOString()
  }

  progress(info: Info, progress: string | number): void {
    const task = this.#inHand.get(taskOf(info))
    if (task) task.view.progress = progress
  }

  end(info: Info, end: TaskEnd, seconds: number): void {
    this.#inHand.delete(taskOf(info))
    this.#totals[info.activityType] ??= {
      succeeded: 0,
      failed: 0,
      retried: 0,
      cancelled: 0,
      seconds: 0,
    }
    const totals = this.#totals[info.activityType] as Totals
    totals[end]++
    totals.seconds += seconds
  }

  get inHand(): TaskView[] {
    return [...this.#inHand.values()].map(({ view }) => view)
  }

  /** The whole Temporal tokens of what is in hand, in the same order. */
  get tokens(): string[] {
    return [...this.#inHand.values()].map(({ token }) => token)
  }

  get totals(): Record<string, Totals> {
    return this.#totals
  }
}

/** Names a task in the log and in the ledger. */
export const taskOf = ({ base64TaskToken }: Info): string => base64TaskToken.slice(-12)

/** `unit 7`, `lot 0`, `file 3, thumbnail`; empty for what concerns the whole ingest. */
function whatOf(input: unknown): string {
  const { unitNo, lotNo, fileNo, files, step } = (input ?? {}) as Record<string, unknown>
  if (unitNo !== undefined) return `unit ${unitNo}`
  if (lotNo !== undefined) return `lot ${lotNo}`
  if (files !== undefined)
    return `files ${fileNo} to ${Number(fileNo) + Number(files) - 1}, ${step}`
  return fileNo === undefined ? '' : `file ${fileNo}, ${step}`
}
