/** Errors on their way to Temporal: classified once, here. */
import { ApplicationFailure, CancelledFailure, Context } from '@temporalio/activity'
import { messageOf, SluiceError, sluiceError } from '../../src/errors.ts'
import { databaseError, isOfDatabase } from '../../src/postgres/db.ts'

/** What a failed activity hands to the workflow, beside its message: the rest of the error. */
export interface FailureDetails {
  code: string
  hint: string
}

/** User and data errors end the ingest; the others are tried again. */
export function toFailure(error: unknown): Error {
  if (error instanceof ApplicationFailure || error instanceof CancelledFailure) return error
  const known = toSluiceError(error)
  if (known.code === 'unexpected') Context.current().log.error('unexpected error', { error })
  return failureOf(known)
}

/**
 * Runs work that ends an ingest, and never gives up. What the database refuses now it takes once an
 * administrator has mended it; until then the attempt says what is wrong.
 */
export async function untilTaken<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw isOfDatabase(error) ? failureOf(databaseError(error), { nonRetryable: false }) : error
  }
}

/** @param options.nextRetryDelay in ms, in place of what the retry policy says */
export function failureOf(
  { code, message, hint, retryable }: SluiceError,
  options: { nonRetryable?: boolean; nextRetryDelay?: number } = {},
): ApplicationFailure {
  const details: FailureDetails = { code, hint }
  return ApplicationFailure.create({
    message,
    type: code,
    nonRetryable: !retryable,
    details: [details],
    ...options,
  })
}

/** The disk is full. Space becomes free again, so such an attempt is retried without a limit. */
export function isOfFullDisk(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | null)?.code
  return code === 'ENOSPC' || code === 'EDQUOT' || code === 'stage_full'
}

function toSluiceError(error: unknown): SluiceError {
  if (error instanceof SluiceError) return error
  if (isOfDatabase(error)) return databaseError(error)
  if (isOfFullDisk(error)) return sluiceError('stage_full', { file: 'a file' })
  return sluiceError('unexpected', { problem: messageOf(error) }, { cause: error })
}
