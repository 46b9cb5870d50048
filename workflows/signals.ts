/** What can be said to an ingest that is under way. */
import { defineSignal } from '@temporalio/workflow'

/** Starts no more units; those in flight end. */
export const pause = defineSignal('pause')
export const resume = defineSignal('resume')
