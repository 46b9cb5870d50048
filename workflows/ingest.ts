import {
  type ApplicationFailure,
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow'
import { rejectsAllowed } from '../src/domain/limits.ts'
import type { StepOrder } from '../src/domain/step.ts'
import type { LimitsByVerb } from '../src/domain/timeLimits.ts'
import { inWindow } from '../src/domain/window.ts'
import type { Counts, Outcome, Phase } from '../src/domain/words.ts'
import { causeOf } from './cause.ts'
import { pause, resume } from './signals.ts'
import { markPaused, stepOf, sweep, verbsOf } from './verbs.ts'

/** What the workflow must know of its ingest; the rest of the spec is in the ledger. */
export interface IngestOrder {
  /** null: the steps are all that is to be done. */
  target: string | null
  parallelism: number
  rejectsMax: number | string | null
  limits?: LimitsByVerb
  /** For tests: history events after which a run continues as new. */
  historyEventsMax?: number
}

/** How far an earlier run of this workflow came. */
export interface Progress {
  phase: Phase
  /** The next lot or unit. */
  next: number
  files: number
  lots: number
  units: number
  /** Of these, those that were added when others were split; none if left out. */
  unitsAdded?: number
  records: number
  loaded: number
  rowsLoaded: number
  rowsRejected: number
  /** Of those: publish loads them again. Left out by runs of before. */
  rowsToReload?: number
  paused: boolean
  /** In order, for every file. */
  steps?: StepOrder[]
  /** Of the verbs after list; that of the workflow if left out. */
  queue?: string
}

/** A run ends before the server would want it to, at 4,096 events, whatever the window adds. */
const historyEventsMax = 2500

/**
 * Brings one source into one target: list, stage, step, plan, load, publish, sweep.
 *
 * Only ids and counts pass through history: bytes live in the stage, units in the ledger.
 * Progress is read from the ledger too, so this workflow answers no queries. Lots and units go
 * by page: a run whose history has grown continues as new where it stopped.
 */
export async function ingest(order: IngestOrder, earlier?: Progress): Promise<Counts> {
  const { workflowId: ingestId } = workflowInfo()
  const progress = earlier ?? beginning()
  setHandler(pause, () => setPaused(ingestId, progress, true))
  setHandler(resume, () => setPaused(ingestId, progress, false))
  let counts: Counts | null
  try {
    counts = await bring(ingestId, order, progress)
    if (counts) {
      showNotes(order, progress, counts)
      await end(ingestId, { state: 'completed', error: null })
    }
  } catch (error) {
    await end(ingestId, outcomeOf(error))
    throw causeOf(error)
  }
  await CancellationScope.nonCancellable(() => condition(allHandlersFinished))
  return counts ?? (await continueAsNew<typeof ingest>(order, progress))
}

/** @returns null when the history has grown enough, and the rest is for the next run */
async function bring(
  ingestId: string,
  order: IngestOrder,
  progress: Progress,
): Promise<Counts | null> {
  if (progress.phase === 'list') {
    show(order, progress)
    const { list } = verbsOf(null, order.limits)
    Object.assign(progress, await list({ ingestId }), { phase: 'stage' })
  }
  const { stage, plan, load, publish } = verbsOf(progress.queue ?? null, order.limits)
  if (progress.phase === 'stage') {
    const all = await page(order, progress, 'lots', async (lotNo) => {
      await stage({ ingestId, lotNo })
    })
    if (!all) return null
    Object.assign(progress, { phase: 'step', next: 0 })
  }
  if (progress.phase === 'step') {
    if (!(await runSteps(ingestId, order, progress))) return null
    // Without a target the steps were all.
    if (order.target === null) return { ...nothing, files: progress.files }
    show(order, { ...progress, phase: 'plan' })
    Object.assign(progress, await plan({ ingestId }), { phase: 'load', next: 0 })
  }
  const all = await page(order, progress, 'units', async (unitNo) => {
    const { unitsAdded: before = 0 } = progress
    const isPart = unitNo >= progress.units - before
    const input = { ingestId, unitNo, ...(isPart && { suspect: true }) }
    const receipt = await load(input)
    const { rowsLoaded, rowsRejected, rowsToReload = 0, unitsAdded = 0 } = receipt
    // The parts of a unit that was split come behind all others: see activities/load/suspect.ts.
    if (unitsAdded > 0) addUnits(progress, unitsAdded)
    progress.loaded++
    progress.rowsLoaded += rowsLoaded
    progress.rowsRejected += rowsRejected
    progress.rowsToReload = (progress.rowsToReload ?? 0) + rowsToReload
  })
  // With too many rejects publish is for saying so.
  if (!all && !tooManyRejects(order, progress)) return null
  show(order, { ...progress, phase: 'publish' })
  return publish({ ingestId, records: progress.records })
}

function addUnits(progress: Progress, unitsAdded: number): void {
  progress.units += unitsAdded
  progress.unitsAdded = (progress.unitsAdded ?? 0) + unitsAdded
}

/** Every file goes through its steps in order; files do not wait for each other. */
async function runSteps(
  ingestId: string,
  order: IngestOrder,
  progress: Progress,
): Promise<boolean> {
  const steps = (progress.steps ?? []).map((each) => ({
    step: each.step,
    run: stepOf({ ...each, queue: each.queue ?? progress.queue ?? null }, order.limits),
  }))
  if (steps.length === 0) return true
  return page(order, progress, 'files', async (fileNo) => {
    for (const [stepNo, { step, run }] of steps.entries()) {
      await run({ ingestId, fileNo, stepNo, step })
    }
  })
}

/**
 * Runs the lots, files or units from `progress.next` on in a window.
 * @returns whether it came to the end
 */
async function page(
  order: IngestOrder,
  progress: Progress,
  of: 'lots' | 'files' | 'units',
  run: (number: number) => Promise<void>,
): Promise<boolean> {
  const enough = () =>
    workflowInfo().historyLength >= (order.historyEventsMax ?? historyEventsMax) ||
    tooManyRejects(order, progress)
  const ready = () => condition(() => !progress.paused)
  const work = async (number: number) => {
    await run(number)
    show(order, progress)
  }
  const to = () => progress[of]
  show(order, progress)
  // One that fails takes the others with it: the sweep must find nobody at work.
  return CancellationScope.cancellable(async () => {
    const scope = CancellationScope.current()
    const window = { from: progress.next, to, width: order.parallelism, ready, enough }
    try {
      progress.next = await inWindow(window, work)
      return progress.next >= to()
    } catch (error) {
      scope.cancel()
      throw error
    }
  })
}

function tooManyRejects({ rejectsMax }: IngestOrder, progress: Progress): boolean {
  const allowed = rejectsAllowed(rejectsMax, progress.records)
  // Publish may still take those that wider types make room for, and counts them itself.
  return allowed !== null && progress.rowsRejected - (progress.rowsToReload ?? 0) > allowed
}

async function setPaused(ingestId: string, progress: Progress, paused: boolean): Promise<void> {
  progress.paused = paused
  await markPaused({ ingestId, paused })
}

const end = (ingestId: string, outcome: Outcome): Promise<void> =>
  CancellationScope.nonCancellable(() => sweep({ ingestId, outcome }))

function outcomeOf(error: unknown): Outcome {
  if (isCancellation(error)) return { state: 'cancelled', error: null }
  const cause = causeOf(error)
  const details = (cause as ApplicationFailure).details?.[0] as { hint?: string } | undefined
  const code = (cause as ApplicationFailure).type ?? 'unexpected'
  return { state: 'failed', error: { code, message: cause.message, hint: details?.hint ?? null } }
}

/** What the Temporal Web UI shows as current details. */
const show = (order: IngestOrder, progress: Progress): void =>
  setCurrentDetails(linesOf(order, progress).join('\n'))

/** The same at the end, with what was guessed, left out or changed. */
function showNotes(order: IngestOrder, progress: Progress, { notes = [] }: Counts): void {
  if (notes.length === 0) return
  const told = notes.map(({ message, hint }) => `- note: ${hint ? `${message} ${hint}` : message}`)
  setCurrentDetails([...linesOf(order, { ...progress, phase: 'publish' }), ...told].join('\n'))
}

function linesOf({ target }: IngestOrder, progress: Progress): string[] {
  const { phase, paused, files, lots, next, units, loaded } = progress
  const { rowsLoaded, rowsRejected, rowsToReload } = progress
  const lines = [
    `**${paused ? 'paused' : phase}** → ${target === null ? 'steps' : `\`${target}\``}`,
    files > 0 ? `- files: ${files}` : '',
    phase === 'stage' ? `- lots: ${next} of ${lots}` : '',
    phase === 'step' ? `- files: ${next} of ${files}` : '',
    units > 0 ? `- units: ${loaded} of ${units}` : '',
    units > 0 ? `- rows: ${rowsLoaded} loaded, ${rowsRejected} rejected` : '',
    rowsToReload ? `- of the rejects ${rowsToReload} are to be loaded again, with wider types` : '',
  ]
  return lines.filter(Boolean)
}

const nothing: Counts = { files: 0, units: 0, rowsRead: 0, rowsLoaded: 0, rowsRejected: 0 }

const beginning = (): Progress => ({
  phase: 'list',
  next: 0,
  files: 0,
  lots: 0,
  units: 0,
  records: 0,
  loaded: 0,
  rowsLoaded: 0,
  rowsRejected: 0,
  paused: false,
})
