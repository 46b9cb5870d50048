/**
 * What can be said to an ingest that is under way.
 *
 * Each has the number that the ledger gave it: one that arrives behind a later one changes nothing.
 * Signals of earlier versions have none, and count as they come.
 */
import { defineSignal, defineUpdate } from '@temporalio/workflow'

/** Begins no more units and publishes nothing; units that a worker has begun end. */
export const pause = defineSignal<[number?]>('pause')
export const resume = defineSignal<[number?]>('resume')

/** The same, answered: the ledger says it then. */
export const pauseUpdate = defineUpdate<void, [number]>('pause')
export const resumeUpdate = defineUpdate<void, [number]>('resume')
