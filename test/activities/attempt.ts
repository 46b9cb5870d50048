/** Attempts that a test makes itself, so that verbs run as plain functions, without Temporal. */
import type { Attempt } from '../../activities/attempt/attempt.ts'
import type { Harness } from '../harness.ts'
import { testDeps } from '../ingest/deps.ts'

/** The first attempt, unless `given` says otherwise. */
export const attemptOf = (harness: Harness, given: Partial<Attempt> = {}): Attempt => ({
  ...testDeps(harness),
  signal: new AbortController().signal,
  attemptNo: 1,
  isRetry: (given.attemptNo ?? 1) > 1,
  exclusively: (work) => work({ isExclusive: true, onShared: null }),
  progress: () => {},
  taskQueue: harness.queue,
  isRateLimited: async () => false,
  ...given,
})
