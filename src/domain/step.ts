/** What the workflow must know of steps, and what activities tell of them. */
import type { Counts } from './words.ts'

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

/** What an activity for several files came to. */
export interface FilesDone {
  /** The first file that it did not begin; those before it are done, or named in `alone`. */
  next: number
  alone?: Alone[]
  /** For those that are done. */
  tookMs: number
}

/** A file that must have an activity of its own. */
export interface Alone {
  fileNo: number
  /** How many attempts there have been. */
  before: number
  /** The last one did not lose its worker, but failed: the next one waits for a while. */
  threw: boolean
}

/** What an ingest without a target comes to: its steps are all. */
export const countsOfSteps = (files: number): Counts => ({
  files,
  units: 0,
  rowsRead: 0,
  rowsLoaded: 0,
  rowsRejected: 0,
})

/** An activity for several files begins no other one after this time. */
export const beginFilesMs = 1000

/** How many files one activity takes on at most. */
export const stepFilesMax = 100
