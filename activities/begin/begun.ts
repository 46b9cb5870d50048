/** What the first activity of an ingest is asked, and what it answers. */
import type { Progress } from '../../src/domain/ingestInput.ts'
import type { Counts } from '../../src/domain/words.ts'
import { heartbeatTimeoutMs } from '../../src/domain/worker.ts'
import type { VerbInput } from '../attempt/attempt.ts'
import type { Listed } from '../list.ts'

export interface BeginInput extends VerbInput {
  /** An ingest whose files are larger than this together has an activity for each verb. */
  smallBytesMax: number
}

export interface Begun {
  /** How far it has come: the workflow goes on from there. */
  progress?: Partial<Progress>
  /** It is completed, and swept. */
  counts?: Counts
}

/**
 * Whether all of it is for one worker, and likely one unit: the plan has the last word on that. Several
 * files with steps are not: they need not wait for each other. Nor is one with a short limit for its
 * step: the server would not cut a step that blocks its worker before it misses the heartbeat.
 */
export function isSmall(
  { listed, sizeBytes }: { listed: Listed; sizeBytes: number | null },
  { smallBytesMax }: BeginInput,
  taskQueue: string,
): boolean {
  const { files, lots, steps = [], queue } = listed
  const areHere = steps.every(
    (step) => (step.queue ?? taskQueue) === taskQueue && step.timeoutMs >= heartbeatTimeoutMs,
  )
  const isHere = queue === undefined && areHere && (steps.length === 0 || files === 1)
  return isHere && lots === 1 && sizeBytes !== null && sizeBytes <= smallBytesMax
}
