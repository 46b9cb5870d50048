import { proxyActivities, setCurrentDetails } from '@temporalio/workflow'
import type { Activities } from '../activities/index.ts'
import { problemOfRetry } from '../src/domain/input.ts'
import type { Retried, RetryInput } from '../src/domain/retry.ts'
import { causeOf } from './cause.ts'
import { heartbeatOf, long } from './options.ts'
import { refused } from './refuse.ts'

const { retryRejects: retry } = proxyActivities<Activities>(long)

/** Loads the rejects of an ingest again, as they are or corrected: one activity, one transaction. */
export async function retryRejects(input: RetryInput): Promise<Retried> {
  const problem = problemOfRetry(input)
  if (problem) throw refused(problem)
  try {
    const retried = await retry.executeWithOptions(heartbeatOf(input), [input])
    setCurrentDetails(`${retried.rowsLoaded} of ${retried.rowsTried} rejects loaded after all`)
    return retried
  } catch (error) {
    throw causeOf(error)
  }
}
