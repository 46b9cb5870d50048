/** The activities of a worker: the verbs of an ingest, made over what they work with. */
import type { ActivityName } from '../src/domain/activityNames.ts'
import { problemOfInput } from '../src/domain/input.ts'
import { sluiceError } from '../src/errors.ts'
import { toFailure } from './attempt/failure.ts'
import type { Deps } from './deps.ts'
import { endOrphans, removeLeftovers } from './janitor.ts'
import { listSource } from './list.ts'
import { loadUnit } from './load.ts'
import { markPaused } from './pause.ts'
import { planIngest } from './plan.ts'
import { publishIngest } from './publish.ts'
import { retryRejects } from './retry.ts'
import { stageLot } from './stage.ts'
import { runStep } from './step.ts'
import { sweepIngest } from './sweep.ts'

export type { Deps }

/** What the input of each must have. The janitor's have none. */
const needs: Record<ActivityName, readonly string[]> = {
  listSource: ['ingestId'],
  stageLot: ['ingestId', 'lotNo'],
  runStep: ['ingestId', 'fileNo', 'stepNo', 'step'],
  planIngest: ['ingestId'],
  loadUnit: ['ingestId', 'unitNo'],
  publishIngest: ['ingestId', 'records'],
  sweepIngest: ['ingestId', 'outcome'],
  markPaused: ['ingestId', 'paused'],
  retryRejects: ['ingestId', 'retryId'],
  endOrphans: [],
  removeLeftovers: [],
  lookThrough: [],
  clearOut: [],
}

export const createActivities = (deps: Deps): Activities => {
  const verbs = verbsOver(deps)
  const checked = Object.entries(verbs).map(([name, verb]) => [
    name,
    async (input: never) => {
      mustBeInput(name, input ?? {})
      return (verb as (input: never) => Promise<unknown>)(input)
    },
  ])
  return Object.fromEntries(checked)
}

/** @throws input_invalid, which is not tried again */
function mustBeInput(what: string, input: unknown): void {
  const problem = problemOfInput(input, needs[what as ActivityName])
  if (problem) throw toFailure(sluiceError('input_invalid', { what, problem }))
}

const verbsOver = (deps: Deps) =>
  ({
    listSource: listSource(deps),
    stageLot: stageLot(deps),
    runStep: runStep(deps),
    planIngest: planIngest(deps),
    loadUnit: loadUnit(deps),
    publishIngest: publishIngest(deps),
    sweepIngest: sweepIngest(deps),
    markPaused: markPaused(deps),
    endOrphans: endOrphans(deps),
    removeLeftovers: removeLeftovers(deps),
    lookThrough: endOrphans(deps),
    clearOut: removeLeftovers(deps),
    retryRejects: retryRejects(deps),
  }) satisfies Record<ActivityName, unknown>

export type Activities = ReturnType<typeof verbsOver>
