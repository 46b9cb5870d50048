/** What the workflow must know of a step. */
export interface StepPlan {
  step: string
  /** null: the queue of the ingest. */
  queue: string | null
  timeoutMs: number
  softMs: number
  /** Between attempts; how many there may be is for the worker to count. */
  retry: { initialMs: number; backoff: number; maximumMs: number }
}
