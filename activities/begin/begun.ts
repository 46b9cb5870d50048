/** What the first activity of an ingest is asked, and what it answers. */
import type { Progress } from '../../src/domain/ingestInput.ts'
import type { Counts } from '../../src/domain/words.ts'
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

/** Whether all of it is for one worker, and likely one unit: the plan has the last word on that. */
export function isSmall(
  { listed, sizeBytes }: { listed: Listed; sizeBytes: number | null },
  { smallBytesMax }: BeginInput,
): boolean {
  const { lots, steps = [], queue } = listed
  const isHere = queue === undefined && steps.length === 0
  return isHere && lots === 1 && sizeBytes !== null && sizeBytes <= smallBytesMax
}
