/**
 * Steps: the user's own work on every staged file, between stage and plan.
 *
 * An app is a module that exports steps; `sluice worker --app ./my-steps.ts` runs them.
 */
import type { Duration } from '@temporalio/common'

/** The file as it is in the stage. */
export interface StepFile {
  /** As the source has it: a path or the name of an upload. */
  name: string
  /** The number of the file, from 0, in the order of the listing. */
  fileNo: number
  /** Where to read it. It may be a link to the source's own file: never write to it. */
  path: string
  sizeBytes: number
  /** The SHA-256 of the bytes at `path`, in hex. */
  sha256: string
}

export interface StepContext {
  ingestId: string
  /** From 1; a worker that dies or leaves makes for another attempt, too. */
  attempt: number
  /** Aborts on a cancel, at the soft time limit, or when the worker leaves. */
  signal: AbortSignal
  log: StepLog
  /** An empty folder for this attempt; it is removed at its end, also after a crash. */
  scratch: string
  /** Shows how far it has come, in `sluice inspect active`: a share from 0 to 1, or a text. */
  progress(progress: number | string): void
}

export type StepLog = Record<'debug' | 'info' | 'warn' | 'error', (message: string) => void>

export interface StepResult {
  /** A new file, in the scratch folder, which the next step and the load see in place of the old. */
  file?: string
  /** Kept in the ledger, as JSON of at most 64 KB. */
  result?: unknown
}

export interface StepDefinition {
  /** Letters, digits, `.`, `_`, `-`; at most 64. */
  name: string
  /** The task queue of the workers that have it; the queue of the ingest if absent. */
  queue?: string
  /** Hard time limit of one attempt, after which another worker tries; '1h' if absent. */
  timeout?: Duration
  /** The signal aborts after this time; if absent, a tenth before `timeout`. */
  softTimeout?: Duration
  /** Retries after attempts that threw. A worker that dies or leaves does not use one up. */
  retry?: {
    /** 3 if absent. */
    maximumAttempts?: number
    /** '1s' if absent. */
    initialInterval?: Duration
    /** 2 if absent. */
    backoffCoefficient?: number
    /** '1m' if absent. */
    maximumInterval?: Duration
  }
  /**
   * The work. What it did to the world outside may be done again: a worker can die at the last
   * moment. Its file and its result are taken once. An error with `retryable: false` ends the
   * ingest at once.
   */
  // biome-ignore lint/suspicious/noConfusingVoidType: a step need not return anything.
  run(file: StepFile, context: StepContext): Promise<StepResult | void> | StepResult | void
}

/** Known across copies of this module: an app may have one of its own. */
const brand = Symbol.for('sluice.step')

export type Step = StepDefinition & { readonly [brand]: true }

/** Marks a step as one, so that the worker finds it among an app's exports. */
export const defineStep = (definition: StepDefinition): Step => ({ ...definition, [brand]: true })

export const isStep = (value: unknown): value is Step =>
  typeof value === 'object' && value !== null && brand in value
