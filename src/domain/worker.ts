/** What is known of a worker, and what can be said to it. */

/** A worker is gone when it has been silent for this long. It speaks every second or two. */
export const goneAfterMs = 15_000

/** An attempt at an activity that sends no heartbeat for so long is given to another worker. */
export const heartbeatTimeoutMs = 15_000

export type WorkerState = 'running' | 'drained' | 'stopping'

/** A task queue that a worker takes tasks from. */
export interface ServedQueue {
  queue: string
  /** Tasks at once; the same number on several queues with `shared` is one limit for them all. */
  concurrency: number
  shared: boolean
  /** Tasks under way. */
  running: number
}

/** A task that a worker has in hand. */
export interface TaskView {
  /** The end of its Temporal task token, as in the log. */
  task: string
  activity: string
  ingestId: string
  /** Which lot, unit, or file and step. */
  what: string
  queue: string
  attempt: number
  /** ISO time. Null: taken, and waiting for one of the worker's slots. */
  startedAt: string | null
  /** What the step says of itself. */
  progress: string | number | null
}

/** Ended tasks of one activity, since the worker started. */
export interface Totals {
  succeeded: number
  failed: number
  retried: number
  cancelled: number
  /** Sum of their run times. */
  seconds: number
}

/** How another worker, or an API, found that one had died. */
export interface Death {
  /** ISO time, by the clock of the database. */
  at: string
  /** Who found it: the name of a worker, or `api` with its process id and host. */
  by: string
  /** killed: its session ended without a word. silent: it did not speak, though its session lived. */
  cause: 'killed' | 'silent'
  /** How long it had not spoken. */
  silentMs: number
  /** What it had in hand and the server gave to others at once. */
  handedOn: TaskView[]
}

/** How many deaths a process has found since its start, by their causes. */
export type Deaths = Record<Death['cause'], number>

/** What a worker says of itself each time. */
export interface WorkerReport {
  state: WorkerState
  queues: ServedQueue[]
  tasks: TaskView[]
  /** The whole Temporal tokens of `tasks`, in their order. */
  tokens: string[]
  totals: Record<string, Totals>
  rssBytes: number
  /** The CPU use, in cores. */
  cpu: number
}

export type Command =
  | { kind: 'ping' }
  | { kind: 'concurrency'; concurrency: number }
  /** Served with a limit of its own, or within the shared one if `concurrency` is absent. */
  | { kind: 'queue_add'; queue: string; concurrency?: number }
  | { kind: 'queue_remove'; queue: string }
  /** Takes no more tasks; those in hand run to their end. */
  | { kind: 'drain' }
  | { kind: 'resume' }
  | { kind: 'shutdown' }

/** `done: false`: the worker refused, or could not. */
export interface Answer {
  done: boolean
  message: string
}
