/** Errors on their way to Temporal: classified once, here. */
import { ApplicationFailure, CancelledFailure } from '@temporalio/activity'
import { messageOf, SluiceError, sluiceError } from '../../src/errors.ts'
import { databaseError, isOfDatabase } from '../../src/postgres/db.ts'
import { isOfFullDisk, RetryError } from './retry.ts'

/** What a failed activity hands to the workflow, beside its message: the rest of the error. */
interface FailureDetails {
  code: string
  hint: string
}

/** User and data errors end the ingest; the others are tried again. */
export function toFailure(error: unknown): Error {
  if (error instanceof ApplicationFailure || error instanceof CancelledFailure) return error
  return failureOf(toSluiceError(error))
}

/** @param options.isFinal is not tried again, whatever the kind of the error says */
export function failureOf(
  error: SluiceError,
  { isFinal = !error.retryable }: { isFinal?: boolean } = {},
): ApplicationFailure {
  const { message, code, hint } = error
  const details: FailureDetails = { code, hint }
  const afterMs = error instanceof RetryError ? error.afterMs : null
  return ApplicationFailure.create({
    message,
    type: code,
    nonRetryable: isFinal,
    details: [details],
    ...(afterMs !== null && { nextRetryDelay: afterMs }),
  })
}

/** The worker shuts down: another one may start at once. */
export const handedBack = (): Error => failureOf(new RetryError(sluiceError('handed_back', {}), 1))

function toSluiceError(error: unknown): SluiceError {
  if (error instanceof SluiceError) return error
  if (isOfDatabase(error)) return databaseError(error)
  if (isOfFullDisk(error)) return sluiceError('stage_full', { file: 'a file' })
  return sluiceError('unexpected', { problem: messageOf(error) }, { cause: error })
}
