import { CancellationScope, continueAsNew, workflowInfo } from '@temporalio/workflow'
import { type IngestInput, isEmptied, type Progress } from '../src/domain/ingestInput.ts'
import { problemOfIngest } from '../src/domain/input.ts'
import { rejectsAllowed } from '../src/domain/limits.ts'
import { countsOfSteps } from '../src/domain/step.ts'
import { inWindow } from '../src/domain/window.ts'
import type { Counts } from '../src/domain/words.ts'
import { beginning, end, fail, handlersFinished, refuse } from './end.ts'
import { beginAgain, loadOne } from './load.ts'
import { gateOf, type Run } from './pause.ts'
import { show, showEnd } from './show.ts'
import { stepRunner } from './steps.ts'
import { stageAndLoad, takePlan } from './stream.ts'
import { markPausedOf, verbsOf } from './verbs.ts'

/** A run ends before the server would want it to, at 4,096 events, whatever the window adds. */
const historyEventsMax = 2500

/**
 * Brings one source into one target: list, stage, step, plan, load, publish, sweep.
 *
 * Only ids and counts pass through history: bytes live in the stage, units in the ledger.
 * Progress is read from the ledger too, so this workflow answers no queries. Lots and units go
 * by page: a run whose history has grown continues as new where it stopped.
 */
export async function ingest(input: IngestInput, earlier?: Progress): Promise<Counts> {
  const { workflowId: ingestId } = workflowInfo()
  const problem = problemOfIngest(input, earlier)
  if (problem) return refuse(ingestId, problem)
  const progress = earlier ?? beginning()
  const markPaused = markPausedOf(input)
  const gate = gateOf(progress, (paused) => markPaused({ ingestId, paused }))
  let counts: Counts | null
  try {
    const begun =
      progress.phase === 'list' ? await begin(ingestId, input, { progress, gate }) : null
    counts = begun ?? (await bring(ingestId, input, { progress, gate }))
    if (counts && !input.isHeld) showEnd(input, progress, counts)
    if (counts && !begun && !input.isHeld)
      await end(ingestId, input, { state: 'completed', error: null })
  } catch (error) {
    return fail(ingestId, input, error)
  }
  await handlersFinished()
  return counts ?? (await continueAsNew<typeof ingest>(input, progress))
}

/**
 * Lists the source. A small ingest is brought to its end by the same activity, unless its verbs
 * have time limits of their own: those are for activities of their own.
 * @returns its counts; null when there is more to do
 */
async function begin(
  ingestId: string,
  input: IngestInput,
  { progress, gate }: Run,
): Promise<Counts | null> {
  const { smallBytesMax, lotBytesMax, limits = {} } = input
  const given = { ingestId, ...(lotBytesMax && { lotBytesMax }) }
  show(input, progress)
  const { begin, list } = verbsOf(null, input)
  if (smallBytesMax === undefined || Object.keys(limits).length > 0) {
    const listed = await gate.pass((hold) => list({ ...given, ...hold }))
    Object.assign(progress, listed, { phase: 'stage' })
    return null
  }
  const begun = await gate.pass((hold) => begin({ ingestId, smallBytesMax, ...hold }))
  Object.assign(progress, begun.progress)
  return begun.counts ?? null
}

/**
 * The verbs behind list in their order. `progress` says where an earlier run has stopped; each verb is an
 * activity, which `gate` starts once the ingest is not paused.
 * @returns null when the history has grown enough, and the rest is for the next run
 */
async function bring(ingestId: string, input: IngestInput, run: Run): Promise<Counts | null> {
  const { progress, gate } = run
  const { plan } = verbsOf(progress, input)
  if (progress.phase === 'stage') {
    if (!(await stageAll(ingestId, input, run))) return null
    Object.assign(progress, { phase: 'step', next: 0 })
  }
  if (progress.phase === 'step') {
    if (!(await runSteps(ingestId, input, run))) return null
    // Without a target the steps were all.
    if (input.target === null) return countsOfSteps(progress.files)
    show(input, { ...progress, phase: 'plan' })
    takePlan(progress, await gate.pass((hold) => plan({ ingestId, ...hold })))
    Object.assign(progress, { phase: 'load', next: progress.nextUnit ?? 0 })
  }
  return loadAndPublish(ingestId, input, run)
}

/** @returns as `bring` */
async function loadAndPublish(
  ingestId: string,
  input: IngestInput,
  run: Run,
): Promise<Counts | null> {
  const { progress, gate } = run
  const { publish } = verbsOf(progress, input)
  for (;;) {
    const all = await loadUnits(ingestId, input, run)
    // With too many rejects publish is for saying so.
    if (!all && !tooManyRejects(input, progress)) return null
    show(input, { ...progress, phase: 'publish' })
    if (input.isHeld) {
      await gate.ready()
      return loadedOf(progress)
    }
    const { records } = progress
    const done = await gate.pass((hold) => publish({ ingestId, records, ...hold }))
    if (!isEmptied(done)) return done
    // It happens once: the landing table has a log from then on.
    beginAgain(progress)
  }
}

/** What one that is not published yet has come to. */
const loadedOf = ({ files, units, records, rowsLoaded, rowsRejected }: Progress): Counts => ({
  ...{ files, units, rowsLoaded, rowsRejected },
  rowsRead: records,
})

/** @returns whether it came to the last lot */
function stageAll(ingestId: string, input: IngestInput, run: Run): Promise<boolean> {
  if (run.progress.streams) {
    return stageAndLoad(ingestId, input, { ...run, enough: () => isHistoryFull(input) })
  }
  const { stage } = verbsOf(run.progress, input)
  return page(input, run, { of: 'lots' }, async (lotNo) => {
    await run.gate.pass((hold) => stage({ ingestId, lotNo, ...hold }))
  })
}

/** @returns whether it came to the last one */
function loadUnits(ingestId: string, input: IngestInput, run: Run): Promise<boolean> {
  return page(input, run, { of: 'units' }, (unitNo) => loadOne(ingestId, input, run, unitNo))
}

/** Every file goes through its steps in order; files do not wait for each other. */
async function runSteps(ingestId: string, input: IngestInput, run: Run): Promise<boolean> {
  if ((run.progress.steps ?? []).length === 0) return true
  const steps = stepRunner(ingestId, input, run)
  return page(input, run, { of: 'files', take: steps.take }, steps.run)
}

interface Pages {
  of: 'lots' | 'files' | 'units'
  /** How many of them one start takes on; one if absent. */
  take?: (left: number) => number
}

/**
 * Runs the lots, files or units from `progress.next` on in a window.
 * @returns whether it came to the end
 */
async function page(
  input: IngestInput,
  { progress, gate: { ready } }: Run,
  { of, take }: Pages,
  run: (number: number, count: number) => Promise<void>,
): Promise<boolean> {
  const enough = () => isHistoryFull(input) || tooManyRejects(input, progress)
  const work = async (number: number, count: number) => {
    await run(number, count)
    show(input, progress)
  }
  const to = () => progress[of]
  show(input, progress)
  // One that fails takes the others with it: no activity may be at work when the sweep begins.
  return CancellationScope.cancellable(async () => {
    const scope = CancellationScope.current()
    const { next: from } = progress
    const window = { from, to, width: input.parallelism, ready, enough, ...(take && { take }) }
    try {
      progress.next = await inWindow(window, work)
      return progress.next >= to()
    } catch (error) {
      scope.cancel()
      throw error
    }
  })
}

const isHistoryFull = (input: IngestInput): boolean =>
  workflowInfo().historyLength >= (input.historyEventsMax ?? historyEventsMax)

function tooManyRejects({ rejectsMax }: IngestInput, progress: Progress): boolean {
  const allowed = rejectsAllowed(rejectsMax, progress.records)
  // Publish may still take those that wider types make room for, and counts them itself.
  return allowed !== null && progress.rowsRejected - (progress.rowsToReload ?? 0) > allowed
}
