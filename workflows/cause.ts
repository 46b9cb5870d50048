import { ActivityFailure, isCancellation } from '@temporalio/workflow'

/** What the activity said, without the wrapping. */
export const causeOf = (error: unknown): Error =>
  error instanceof ActivityFailure && error.cause && !isCancellation(error)
    ? error.cause
    : (error as Error)
