/** The activities as the workflow calls them: with their queue, their time limits, their retries. */
import { proxyActivities } from '@temporalio/workflow'
import type { Activities } from '../activities/index.ts'
import type { FilesInput } from '../activities/stepOnFiles.ts'
import type { HandedBack, IngestInput } from '../src/domain/ingestInput.ts'
import { beginFilesMs, type FilesDone, type StepPlan } from '../src/domain/step.ts'
import type { LimitedVerb } from '../src/domain/timeLimits.ts'
import { final, heartbeatOf, long, ofFiles, ofStep, short, soon } from './options.ts'

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
}

/** What the input of a workflow says of all activities. */
type Timing = Pick<IngestInput, 'limits' | 'heartbeatMs'>

/**
 * @param queue null: that of the workflow
 * @param timing a verb without limits keeps those of options.ts
 */
export function verbsOf(queue: string | null, timing: Timing): Verbs {
  const { limits = {} } = timing
  const proxy = (options: typeof short, verb: LimitedVerb) => {
    const { softMs = 0, hardMs } = limits[verb] ?? {}
    return proxyActivities<Activities>({
      ...options,
      ...heartbeatOf(timing),
      ...(queue !== null && { taskQueue: queue }),
      // A soft limit by itself moves the hard one out of its way.
      startToCloseTimeout: hardMs ?? Math.max(options.startToCloseTimeout, 2 * softMs),
    })
  }
  const soft = (verb: LimitedVerb) => {
    const softMs = limits[verb]?.softMs
    return softMs === undefined ? {} : { softMs }
  }
  return {
    begin: (input) =>
      proxyActivities<Activities>({ ...long, ...heartbeatOf(timing) }).beginIngest(input),
    list: (input) => proxy(long, 'list').listSource({ ...input, ...soft('list') }),
    stage: (input) => proxy(short, 'stage').stageLot({ ...input, ...soft('stage') }),
    plan: (input) => proxy(long, 'plan').planIngest({ ...input, ...soft('plan') }),
    load: (input) => proxy(short, 'load').loadUnit({ ...input, ...soft('load') }),
    publish: (input) => proxy(long, 'publish').publishIngest({ ...input, ...soft('publish') }),
  }
}

/** The time limits of a step for one file. */
function limitsOf(step: StepPlan, { limits }: Timing): { softMs: number; hardMs: number } {
  const { softMs = step.softMs, hardMs = Math.max(step.timeoutMs, softMs + 1000) } =
    limits?.step ?? {}
  return { softMs, hardMs }
}

/** One of the user's steps, on its own queue. */
export function stepOf(step: StepPlan, timing: Timing): Held<Activities['runStep']> {
  const { softMs, hardMs } = limitsOf(step, timing)
  const { runStep } = proxyActivities<Activities>({
    ...ofStep(step, hardMs),
    ...heartbeatOf(timing),
  })
  return (input) => runStep({ ...input, softMs })
}

/** The same for several files: each has the limits that it would have by itself. */
export function stepOnFilesOf(
  step: StepPlan,
  timing: Timing,
): (input: Omit<FilesInput, 'fileSoftMs' | 'beginMs'>) => Promise<FilesDone | HandedBack> {
  const { softMs: fileSoftMs, hardMs } = limitsOf(step, timing)
  const { runStepOnFiles } = proxyActivities<Activities>({
    ...ofFiles(step, beginFilesMs + hardMs),
    ...heartbeatOf(timing),
  })
  const run = runStepOnFiles as Held<typeof runStepOnFiles>
  return (input) => run({ ...input, fileSoftMs, beginMs: beginFilesMs })
}

export const sweepOf = (timing: Timing): Activities['sweepIngest'] =>
  proxyActivities<Activities>({ ...final, ...heartbeatOf(timing) }).sweepIngest

export const markPausedOf = (timing: Timing): Activities['markPaused'] =>
  proxyActivities<Activities>({ ...soon, ...heartbeatOf(timing) }).markPaused
