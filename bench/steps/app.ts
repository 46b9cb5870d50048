/** The steps that the bench gives to Sluice: the same two tasks that tasks.py gives to Celery. */
import { setTimeout as sleep } from 'node:timers/promises'
import { defineStep } from '../../src/steps/define.ts'

/** Does nothing: what is measured is all that is around a step. */
export const empty = defineStep({ name: 'empty', run: async () => {} })

export const pauseMs = 250

/** Waits, as a step does that calls somebody else. */
export const pause = defineStep({
  name: 'pause',
  run: async () => {
    await sleep(pauseMs)
  },
})
