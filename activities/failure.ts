/** Errors on their way to Temporal: classified once, here. */
import { ApplicationFailure, CancelledFailure, Context } from '@temporalio/activity'
import { messageOf, SluiceError, sluiceError } from '../src/errors.ts'
import { databaseError, isOfDatabase } from '../src/postgres/db.ts'

/** What a failed activity hands to the workflow, beside its message: the rest of the error. */
export interface FailureDetails {
  code: string
  hint: string
}

/** User and data errors end the ingest; the others are tried again. */
export function toFailure(error: unknown): Error {
  if (error instanceof ApplicationFailure || error instanceof CancelledFailure) return error
  const known = toSluiceError(error)
  const details: FailureDetails = { code: known.code, hint: known.hint }
  if (known.code === 'unexpected') Context.current().log.error('unexpected error', { error })
  return ApplicationFailure.create({
    message: known.message,
    type: known.code,
    nonRetryable: !known.retryable,
    details: [details],
  })
}

function toSluiceError(error: unknown): SluiceError {
  if (error instanceof SluiceError) return error
  if (isOfDatabase(error)) return databaseError(error)
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ENOSPC' || code === 'EDQUOT') return sluiceError('stage_full', { file: 'a file' })
  return sluiceError('unexpected', { problem: messageOf(error) }, { cause: error })
}
