/** Two that do the same small tasks: what a side can be asked for, and what it answers. */
import type { Closing } from './closing.ts'
import type { Verb } from './phases.ts'

export const sideNames = ['sluice', 'celery'] as const
export type SideName = (typeof sideNames)[number]

export interface Side {
  name: SideName
  /** What it is, with its versions; for Sluice nothing, the machine's line has them. */
  versions: Record<string, string>
  /** Empty tasks, one after the other, each from submit to done. */
  latency(count: number, first: number): Promise<Delays>
  /** Many tasks submitted at once, empty ones or such as wait. */
  rate(tasks: Tasks): Promise<Burst>
  /** Adds workers until so many replicas run, each with `concurrency` tasks at once. */
  scale(replicas: number): Promise<void>
  close(): Promise<void>
  /** The first worker, where its CPU time is told apart. */
  workerPid: number | null
}

export interface Tasks {
  count: number
  /** How long each one waits; 0 for empty ones. */
  pauseMs: number
}

export interface Delays {
  tookMs: number[]
  /** Only the task within what was submitted: from its being handed out to its end. */
  stepMs: number[] | null
  /** Medians. */
  phasesMs: Partial<Record<Verb | 'between', number>> | null
}

export interface Burst {
  /** From the first submit to the last one done, as the client sees it. */
  seconds: number
  /** From the start of the first task to the end of the last one, where somebody noted it. */
  innerSeconds: number | null
}

/** Why a side cannot be measured here, and what to do about it. */
export interface Skip {
  skipped: string
}

/** What a side is opened with. */
export interface Ground {
  folder: string
  closing: Closing
  /** Tasks at once in each replica. */
  concurrency: number
}
