/** The activities as the workflow calls them: with their queue, their time limits, their retries. */
import { type ActivityOptions, proxyActivities } from '@temporalio/workflow'
import type { Activities } from '../activities/index.ts'
import type { FilesInput } from '../activities/stepOnFiles.ts'
import type { HandedBack, IngestInput, Progress } from '../src/domain/ingestInput.ts'
import { shortText } from '../src/domain/shortText.ts'
import { beginFilesMs, type FilesDone, type StepPlan } from '../src/domain/step.ts'
import type { LimitedVerb } from '../src/domain/timeLimits.ts'
import { final, heartbeatOf, long, ofFiles, ofStep, short, soon } from './options.ts'

const brief = proxyActivities<Activities>(short)
const lengthy = proxyActivities<Activities>(long)
const urgent = proxyActivities<Activities>(soon)
const last = proxyActivities<Activities>(final)

/** A verb that a pause may hold up: it hands itself back, and has done nothing. */
type Held<Verb> = Verb extends (input: infer Input) => Promise<infer Output>
  ? (input: Input) => Promise<Output | HandedBack>
  : never

export interface Verbs {
  begin: Held<Activities['beginIngest']>
  list: Held<Activities['listSource']>
  stage: Held<Activities['stageLot']>
  plan: Held<Activities['planIngest']>
  load: Held<Activities['loadUnit']>
  publish: Held<Activities['publishIngest']>
  listTargets: Held<Activities['listTargets']>
  publishTargets: Held<Activities['publishTargets']>
}

/** What the input of a workflow says of all activities. */
type Timing = Pick<IngestInput, 'limits' | 'heartbeatMs'>

/** How far the ingest is, for the summaries; null before its list. */
type Whereabouts = Pick<Progress, 'lots' | 'files' | 'units' | 'labels' | 'rowsLoaded' | 'queue'>

/**
 * The verbs as the workflow calls them. The Temporal Web UI shows their summaries in its timeline.
 * @param timing a verb without limits keeps those of options.ts
 */
export function verbsOf(progress: Whereabouts | null, timing: Timing): Verbs {
  const { limits = {} } = timing
  const queue = progress?.queue
  const own = (options: typeof short, verb: LimitedVerb, summary?: string): ActivityOptions => {
    const { softMs = 0, hardMs } = limits[verb] ?? {}
    return {
      ...heartbeatOf(timing),
      ...(queue !== undefined && { taskQueue: queue }),
      // A soft limit by itself moves the hard one out of its way: see softLimits.ts.
      startToCloseTimeout: hardMs ?? Math.max(options.startToCloseTimeout, 2 * softMs),
      ...(summary !== undefined && { summary }),
    }
  }
  const at = progress ?? nowhere
  return {
    begin: (input) => lengthy.beginIngest.executeWithOptions(heartbeatOf(timing), [input]),
    list: (input) => lengthy.listSource.executeWithOptions(own(long, 'list'), [input]),
    stage: (input) => {
      const summary = `lot ${input.lotNo} of ${at.lots}`
      return brief.stageLot.executeWithOptions(own(short, 'stage', summary), [input])
    },
    plan: (input) => {
      const summary = at.files === 1 ? '1 file' : `${at.files} files`
      return lengthy.planIngest.executeWithOptions(own(long, 'plan', summary), [input])
    },
    load: (input) => {
      const label = at.labels?.[input.unitNo] ?? `of ${at.units}`
      const summary = `unit ${input.unitNo} · ${label}`
      return brief.loadUnit.executeWithOptions(own(short, 'load', summary), [input])
    },
    publish: (input) => {
      const summary = `${at.rowsLoaded} rows`
      return lengthy.publishIngest.executeWithOptions(own(long, 'publish', summary), [input])
    },
    listTargets: (input) => lengthy.listTargets.executeWithOptions(own(long, 'list'), [input]),
    publishTargets: (input) =>
      lengthy.publishTargets.executeWithOptions(own(long, 'publish'), [input]),
  }
}

const nowhere: Whereabouts = { lots: 0, files: 0, units: 0, rowsLoaded: 0 }

/** The time limits of a step for one file. */
function limitsOf(step: StepPlan, { limits }: Timing): { softMs: number; hardMs: number } {
  const { softMs = step.softMs, hardMs = Math.max(step.timeoutMs, softMs + 1000) } =
    limits?.step ?? {}
  return { softMs, hardMs }
}

/** One of the user's steps, on its own queue. */
export function stepOf(step: StepPlan, timing: Timing): Held<Activities['runStep']> {
  const { softMs, hardMs } = limitsOf(step, timing)
  const options = { ...ofStep(step, hardMs), ...heartbeatOf(timing) }
  return (input) => brief.runStep.executeWithOptions(options, [{ ...input, softMs }])
}

/** The same for several files: each has the limits that it would have by itself. */
export function stepOnFilesOf(
  step: StepPlan,
  timing: Timing,
): (input: Omit<FilesInput, 'fileSoftMs' | 'beginMs'>) => Promise<FilesDone | HandedBack> {
  const { softMs: fileSoftMs, hardMs } = limitsOf(step, timing)
  const options = { ...ofFiles(step, beginFilesMs + hardMs), ...heartbeatOf(timing) }
  return (input) => {
    const { fileNo, files } = input
    const summary = `${step.step} · files ${fileNo} to ${fileNo + files - 1}`
    const given = { ...input, fileSoftMs, beginMs: beginFilesMs }
    return brief.runStepOnFiles.executeWithOptions({ ...options, summary }, [given])
  }
}

export const sweepOf =
  (timing: Pick<Timing, 'heartbeatMs'>): Activities['sweepIngest'] =>
  (input) => {
    const summary = shortText(input.outcome.error?.code ?? input.outcome.state)
    return last.sweepIngest.executeWithOptions({ ...heartbeatOf(timing), summary }, [input])
  }

export const markPausedOf =
  (timing: Pick<Timing, 'heartbeatMs'>): Activities['markPaused'] =>
  (input) => {
    const summary = input.paused ? 'paused' : 'resumed'
    return urgent.markPaused.executeWithOptions({ ...heartbeatOf(timing), summary }, [input])
  }
