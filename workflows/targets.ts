import {
  type ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  executeChild,
  getExternalWorkflowHandle,
  isCancellation,
  workflowInfo,
} from '@temporalio/workflow'
import type { ListedTargets } from '../activities/listTargets.ts'
import type { EmptiedTargets } from '../activities/publishTargets.ts'
import { sumCounts } from '../src/domain/counts.ts'
import type { IngestInput } from '../src/domain/ingestInput.ts'
import { problemOfIngest } from '../src/domain/input.ts'
import { inWindow } from '../src/domain/window.ts'
import type { Counts } from '../src/domain/words.ts'
import { causeOf } from './cause.ts'
import { beginning, end, fail, handlersFinished, refuse } from './end.ts'
import type { ingest } from './ingest.ts'
import { type Gate, gateOf } from './pause.ts'
import { failure } from './refuse.ts'
import { showEnd, showTargets } from './show.ts'
import { pause, resume } from './signals.ts'
import { markPausedOf, verbsOf } from './verbs.ts'

type Target = ListedTargets['targets'][number]

/** What a run goes by. */
interface Several {
  ingestId: string
  input: IngestInput
  gate: Gate
  /** The ingests of targets that are under way. */
  underWay: Set<string>
}

/**
 * Brings one source into several targets. The source is listed once, and each target has an ingest of its
 * own, a child of this workflow, with its part of the files. Those that are published together end with
 * their last unit, and one activity publishes them all.
 *
 * There are a hundred targets at most, so that its history is short.
 */
export async function ingestTargets(input: IngestInput): Promise<Counts> {
  const { workflowId: ingestId } = workflowInfo()
  const problem = problemOfIngest(input, undefined)
  if (problem) return refuse(ingestId, problem)
  const underWay = new Set<string>()
  const progress = beginning()
  const markPaused = markPausedOf(input)
  const gate = gateOf(progress, async (paused) => {
    await markPaused({ ingestId, paused })
    await Promise.all([...underWay].map((id) => tell(id, paused)))
  })
  const several = { ingestId, input, gate, underWay }
  let counts: Counts
  try {
    counts = await bringTargets(several)
    showEnd(input, progress, counts)
    await end(ingestId, input, { state: 'completed', error: null })
  } catch (error) {
    return fail(ingestId, input, error)
  }
  await handlersFinished()
  return counts
}

/** One that has ended meanwhile has nothing to pause. */
const tell = (ingestId: string, paused: boolean): Promise<void> =>
  getExternalWorkflowHandle(ingestId)
    .signal(paused ? pause : resume)
    .catch(() => {})

async function bringTargets(several: Several): Promise<Counts> {
  const { ingestId, input, gate } = several
  const { listTargets, publishTargets } = verbsOf(null, input)
  const { lotBytesMax } = input
  const given = { ingestId, ...(lotBytesMax && { lotBytesMax }) }
  showTargets(input, 'list', 0)
  const listed = await gate.pass((hold) => listTargets({ ...given, ...hold }))
  const { together, targets } = listed
  showTargets(input, 'load', targets.length)
  const counts = await bringAll(several, listed)
  if (!together) return sumCounts(counts)
  for (;;) {
    showTargets(input, 'publish', targets.length)
    const done = await gate.pass((hold) => publishTargets({ ingestId, ...hold }))
    if (!isEmptied(done)) return done
    // It happens once for each: their landing tables have a log from then on.
    const again = targets.filter((target) => done.emptied.includes(target.ingestId))
    await bringAll(several, { ...listed, targets: again })
  }
}

const isEmptied = (done: object): done is EmptiedTargets => 'emptied' in done

/**
 * Runs the ingests of targets side by side. Together the first that fails ends the others too; apart they
 * go on, and the first failure is told when all have ended.
 */
async function bringAll(several: Several, { targets, together }: ListedTargets): Promise<Counts[]> {
  const { input, gate } = several
  const width = Math.min(targets.length, input.parallelism)
  const parallelism = Math.max(1, Math.floor(input.parallelism / Math.max(1, width)))
  const counts: Counts[] = []
  const failures: unknown[] = []
  await CancellationScope.cancellable(async () => {
    const scope = CancellationScope.current()
    const run = async (at: number) => {
      const target = targets[at] as Target
      try {
        counts[at] = await bring(several, target, { together, parallelism })
      } catch (error) {
        failures.push(scope.consideredCancelled ? error : of(target, error))
        if (together) scope.cancel()
      }
    }
    // No ingest of a target may be under way when the sweep begins, so each of them is waited for.
    const ready = () => gate.ready().catch(() => {})
    const enough = () => scope.consideredCancelled
    await inWindow({ from: 0, to: () => targets.length, width, ready, enough }, run)
    if (enough() && failures.length === 0) throw new CancelledFailure('cancelled')
  })
  const [first] = failures
  if (first) throw first
  return counts
}

async function bring(
  { input, underWay }: Several,
  { ingestId, table }: Target,
  { together, parallelism }: { together: boolean; parallelism: number },
): Promise<Counts> {
  // Its files are listed, so a single activity has nothing to begin with.
  const { smallBytesMax: _, ...rest } = input
  const own = { ...rest, target: table, parallelism, ...(together && { isHeld: true }) }
  underWay.add(ingestId)
  try {
    return await executeChild<typeof ingest>('ingest', {
      workflowId: ingestId,
      args: [own],
      parentClosePolicy: 'REQUEST_CANCEL',
      cancellationType: 'WAIT_CANCELLATION_COMPLETED',
      staticSummary: table.slice(0, 200),
    })
  } finally {
    underWay.delete(ingestId)
  }
}

const cancelled = 'target_cancelled'

/** Says which target it is about. */
function of({ table }: Target, error: unknown): ApplicationFailure {
  if (isCancellation(error)) {
    const message = `The ingest of the target ${table} was cancelled.`
    const hint = 'Start the ingest again, with another id or with none.'
    return failure({ code: cancelled, message, hint })
  }
  const { message, type, details } = causeOf(error) as ApplicationFailure
  const { hint = null } = (details?.[0] ?? {}) as { hint?: string | null }
  return failure({ code: type ?? 'unexpected', message: `${table}: ${message}`, hint })
}
