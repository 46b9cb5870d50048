import { proxyActivities, setCurrentDetails } from '@temporalio/workflow'
import type { Activities } from '../activities/index.ts'
import type { Retried, RetryOrder } from '../src/domain/retry.ts'
import { causeOf } from './cause.ts'
import { long } from './options.ts'

/** Loads the rejects of an ingest again, as they are or corrected: one activity, one transaction. */
export async function retryRejects(order: RetryOrder): Promise<Retried> {
  const { retryRejects: retry } = proxyActivities<Activities>(long)
  try {
    const retried = await retry(order)
    setCurrentDetails(`${retried.rowsLoaded} of ${retried.rowsTried} rejects loaded after all`)
    return retried
  } catch (error) {
    throw causeOf(error)
  }
}
