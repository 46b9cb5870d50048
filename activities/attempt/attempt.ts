/** What a verb is given besides its input. Nothing here knows of Temporal, so tests make their own. */
import type { Pausable } from '../../src/domain/ingestInput.ts'
import type { State } from '../../src/domain/words.ts'
import { sluiceError } from '../../src/errors.ts'
import type { Deps } from '../deps.ts'
import type { ExclusiveRun } from './exclusive.ts'

/** One attempt at a verb: what it works with, and how it may have to end. */
export interface Attempt extends Omit<Deps, 'isRateLimited'> {
  /** Calls the work off: on a cancel, when the worker shuts down, or at the soft time limit. */
  signal: AbortSignal
  /** 1 for the first attempt. */
  attemptNo: number
  /** The queue that its task came from. */
  taskQueue: string
  /** Another attempt came before this one, perhaps as an activity that a pause handed back. */
  isRetry: boolean
  /** Runs work that may end the process while no other verb runs in it. Waiting costs it no time. */
  exclusively<T>(work: (run: ExclusiveRun) => Promise<T>): Promise<T>
  /** Shows how far the work has come. */
  progress(progress: string | number): void
  /** Whether somebody has limited how many tasks of its queue start in a second. */
  isRateLimited(): Promise<boolean>
}

/** What the input of every verb may have. */
export interface Limited extends Pausable {
  /** The soft time limit: the work is called off in order, before the server gives up on it. */
  softMs?: number
}

export interface VerbInput extends Limited {
  ingestId: string
}

/**
 * Ends the attempt before it has done anything. The activity then hands the verb back to its
 * workflow, which is of a type in workflows/verbs.ts: no other workflow calls a verb of a paused
 * ingest.
 */
export function mustNotBePaused({ ingestId }: { ingestId: string }, state: State): void {
  if (state === 'paused') throw sluiceError('ingest_paused', { ingestId })
}
