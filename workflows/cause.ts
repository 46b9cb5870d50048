import { ActivityFailure, ChildWorkflowFailure, isCancellation } from '@temporalio/workflow'

/** What the activity or the child said, without the wrapping. */
export const causeOf = (error: unknown): Error =>
  (error instanceof ActivityFailure || error instanceof ChildWorkflowFailure) &&
  error.cause &&
  !isCancellation(error)
    ? error.cause
    : (error as Error)
