/** The activities of a worker: each verb of an ingest by its name. */
import type { ActivityName } from '../src/domain/activityNames.ts'
import { toActivity, type Verb, type WorkerDeps } from './attempt/activity.ts'
import type { Attempt } from './attempt/attempt.ts'
import { beginIngest } from './begin.ts'
import { endOrphans, removeLeftovers } from './janitor.ts'
import { listSource } from './list.ts'
import { listTargets } from './listTargets.ts'
import { loadUnit } from './load.ts'
import { markPaused } from './pause.ts'
import { planIngest } from './plan.ts'
import { publishIngest } from './publish.ts'
import { publishTargets } from './publishTargets.ts'
import { retryRejects } from './retry.ts'
import { stageLot } from './stage.ts'
import { runStep } from './step.ts'
import { runStepOnFiles } from './stepOnFiles.ts'
import { sweepIngest } from './sweep.ts'
import { undoIngest } from './undo.ts'

export type { WorkerDeps }

const verbs = {
  beginIngest: { run: beginIngest, needs: ['ingestId', 'smallBytesMax'] },
  listSource: { run: listSource, needs: ['ingestId'] },
  stageLot: { run: stageLot, needs: ['ingestId', 'lotNo'] },
  runStep: { run: runStep, needs: ['ingestId', 'fileNo', 'stepNo', 'step'] },
  runStepOnFiles: {
    run: runStepOnFiles,
    needs: ['ingestId', 'fileNo', 'files', 'stepNo', 'step', 'fileSoftMs', 'beginMs'],
  },
  planIngest: { run: planIngest, needs: ['ingestId'] },
  loadUnit: { run: loadUnit, needs: ['ingestId', 'unitNo'] },
  publishIngest: { run: publishIngest, needs: ['ingestId', 'records'] },
  sweepIngest: { run: sweepIngest, needs: ['ingestId', 'outcome'] },
  listTargets: { run: listTargets, needs: ['ingestId'] },
  publishTargets: { run: publishTargets, needs: ['ingestId'] },
  markPaused: { run: markPaused, needs: ['ingestId', 'paused'] },
  retryRejects: { run: retryRejects, needs: ['ingestId', 'retryId'] },
  undoIngest: { run: undoIngest, needs: ['ingestId'] },
  endOrphans: { run: endOrphans, needs: [] },
  removeLeftovers: { run: removeLeftovers, needs: [] },
  lookThrough: { run: endOrphans, needs: [] },
  clearOut: { run: removeLeftovers, needs: [] },
} satisfies Record<ActivityName, Verb<never, unknown>>

/** A verb as workflows call it: with its input only. */
type ActivityOf<Run> = Run extends (attempt: Attempt, ...input: infer Input) => infer Result
  ? (...input: Input) => Result
  : never

export type Activities = { [Name in ActivityName]: ActivityOf<(typeof verbs)[Name]['run']> }

export const createActivities = (deps: WorkerDeps): Activities =>
  Object.fromEntries(
    Object.entries(verbs).map(([name, verb]) => [
      name,
      toActivity(deps, name, verb as Verb<object, unknown>),
    ]),
  ) as unknown as Activities
