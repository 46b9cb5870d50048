/** The activities of a worker: the verbs of an ingest, made over what they work with. */
import type { Deps } from './deps.ts'
import { clearOut, lookThrough } from './janitor.ts'
import { listSource } from './list.ts'
import { loadUnit } from './load.ts'
import { markPaused } from './mark.ts'
import { planIngest } from './plan.ts'
import { publishIngest } from './publish.ts'
import { retryRejects } from './retry.ts'
import { stageLot } from './stage.ts'
import { runStep } from './step.ts'
import { sweepIngest } from './sweep.ts'

export type { Deps }

export const createActivities = (deps: Deps) => ({
  listSource: listSource(deps),
  stageLot: stageLot(deps),
  runStep: runStep(deps),
  planIngest: planIngest(deps),
  loadUnit: loadUnit(deps),
  publishIngest: publishIngest(deps),
  sweepIngest: sweepIngest(deps),
  markPaused: markPaused(deps),
  lookThrough: lookThrough(deps),
  clearOut: clearOut(deps),
  retryRejects: retryRejects(deps),
})

export type Activities = ReturnType<typeof createActivities>
