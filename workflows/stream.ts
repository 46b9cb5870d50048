/**
 * Loading while staging. A lot that is staged has its units at once, and lots and units share one
 * window: half of it is for lots as long as there are units to load, and else all of it.
 *
 * The landing table has the types of what was staged first. When later values need others, no unit is
 * started any more, and once no load is under way a part of the plan changes the table, or makes it
 * anew: then every unit is loaded again. Where that would cost too much, units wait for the last lot.
 */
import { CancellationScope } from '@temporalio/workflow'
import type { Planned } from '../activities/plan.ts'
import type { IngestInput, Progress } from '../src/domain/ingestInput.ts'
import { lotBytes } from '../src/domain/plan.ts'
import { inTurns } from '../src/domain/window.ts'
import { beginAgain, loadOne } from './load.ts'
import type { Run } from './pause.ts'
import { show } from './show.ts'
import { verbsOf } from './verbs.ts'

/** Takes over how far a plan has come. Answers may come in another order than they were given in. */
export function takePlan(progress: Progress, planned: Planned): void {
  const { units, records, labels, remade = 0 } = planned
  if (remade > (progress.remade ?? 0)) {
    const { next } = progress
    beginAgain(progress)
    Object.assign(progress, { next, nextUnit: 0, remade, held: false })
  }
  progress.units = Math.max(progress.units, units + (progress.unitsAdded ?? 0))
  progress.records = Math.max(progress.records, records)
  if (labels && labels.length >= (progress.labels ?? []).length) progress.labels = labels
}

/**
 * Stages all lots, and loads units meanwhile.
 * @returns whether it came to the last lot; units may be left
 */
export async function stageAndLoad(
  ingestId: string,
  input: IngestInput,
  run: Run & { enough: () => boolean },
): Promise<boolean> {
  const { progress, gate, enough } = run
  const work = workOf(ingestId, input, run)
  show(input, progress)
  // One that fails takes the others with it: no activity may be at work when the sweep begins.
  return CancellationScope.cancellable(async () => {
    const scope = CancellationScope.current()
    try {
      await inTurns({ width: input.parallelism, ready: gate.ready, enough, next: work })
      return !isLotLeft(progress)
    } catch (error) {
      scope.cancel()
      throw error
    }
  })
}

/** @returns what gives the next piece of work: a lot, a unit, or a part of the plan */
function workOf(
  ingestId: string,
  input: IngestInput,
  run: Run,
): () => (() => Promise<void>) | null {
  const { progress, gate } = run
  const { stage, plan } = verbsOf(progress, input)
  const underWay = { stage: 0, load: 0, plan: 0 }
  // Too late for a landing table that suits: units wait for the plan of all files.
  let isLate = false
  const as = (kind: keyof typeof underWay, work: () => Promise<void>) => {
    underWay[kind]++
    return async () => {
      await work()
      underWay[kind]--
      show(input, progress)
    }
  }
  const take = (planned: Planned | undefined) => {
    if (!planned) return
    const isOfNow = (planned.remade ?? 0) >= (progress.remade ?? 0)
    takePlan(progress, planned)
    if (planned.held && isOfNow) progress.held = true
  }
  const partBytes = input.lotBytesMax ?? lotBytes
  const stageNext = () => {
    const [lotNo = progress.next++, ...others] = progress.partial ?? []
    if (progress.partial) progress.partial = others
    return as('stage', async () => {
      const given = { ingestId, lotNo, grow: true, partBytes }
      const staged = await gate.pass((hold) => stage({ ...given, ...hold }))
      if (staged?.isPart) progress.partial = [...(progress.partial ?? []), lotNo]
      take(staged)
    })
  }
  const loadNext = () => {
    const unitNo = progress.nextUnit ?? 0
    progress.nextUnit = unitNo + 1
    return as('load', () => loadOne(ingestId, input, run, unitNo))
  }
  const adapt = () =>
    as('plan', async () => {
      const planned = await gate.pass((hold) => plan({ ingestId, part: true, ...hold }))
      progress.held = false
      take(planned)
      isLate = planned.held === true
    })
  return () => {
    const { held = false, nextUnit = 0, units } = progress
    const mayStage = isLotLeft(progress)
    const isStagingAny = mayStage || underWay.stage > 0
    const mayAdapt = held && !isLate && mayStage && underWay.load + underWay.plan === 0
    if (mayAdapt) return adapt()
    const mayLoad = !held && nextUnit < units && !tooManyAlready(input, progress)
    const isStaging = underWay.stage >= Math.floor(input.parallelism / 2)
    if (mayStage && !(mayLoad && isStaging)) return stageNext()
    // Behind the last lot comes the plan of all files, which waits for what is under way.
    return mayLoad && isStagingAny ? loadNext() : null
  }
}

/** Lots that were not begun are left, or a part of a large file is. */
const isLotLeft = ({ next, lots, partial = [] }: Progress): boolean =>
  next < lots || partial.length > 0

/** A share of rejects is one of all records, which are not known yet. */
const tooManyAlready = ({ rejectsMax }: IngestInput, { rowsRejected }: Progress): boolean =>
  typeof rejectsMax === 'number' && rowsRejected > rejectsMax
