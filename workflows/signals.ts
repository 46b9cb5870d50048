/** What can be said to an ingest that is under way. */
import { defineSignal } from '@temporalio/workflow'

/** Begins no more units and publishes nothing; units that a worker has begun end. */
export const pause = defineSignal('pause')
export const resume = defineSignal('resume')
