/** Why an ingest would fail, as far as a dry run can see. */
import { rejectsAllowed } from '../../../domain/limits.ts'
import { messageOf, SluiceError, shellHintOf, sluiceError } from '../../../errors.ts'
import type { FullSpec } from '../../../spec/spec.ts'
import type { Judged } from './sample.ts'

export interface Problem {
  message: string
  /** What to do about it. */
  hint: string | null
}

export const toProblem = (error: unknown): Problem => ({
  message: messageOf(error),
  hint: error instanceof SluiceError ? shellHintOf(error) : null,
})

/** The limit of rejects is held against the sample: see activities/publish/limit.ts. */
export function overLimit(
  file: string,
  { sampled: read, rejects }: Pick<Judged, 'sampled' | 'rejects'>,
  { rejects: { max } }: FullSpec,
): Problem | null {
  const { count: rejected, first: shown, likely } = rejects
  const allowed = (max === null ? null : rejectsAllowed(max, read)) ?? Math.floor(read / 2)
  const [reject] = shown
  if (!reject || rejected <= allowed) return null
  const { line, column, error } = reject
  const first = `${file} line ${line}${column ? `, column ${column}` : ''}: ${error}`
  const params = { rejected, read, allowed, first, likely: likely ?? '' }
  return toProblem(sluiceError('sample_rejected', params))
}
