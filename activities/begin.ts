/**
 * begin: the first activity of an ingest, and the only one of a small ingest.
 *
 * It lists the source. What fits into one unit it stages, plans, loads, publishes and sweeps as
 * well, and runs the steps of a single file. What does not it leaves to the workflow, which goes on
 * from there with an activity for each verb.
 */
import { isEmptied, type Progress } from '../src/domain/ingestInput.ts'
import { beginFilesMs, countsOfSteps } from '../src/domain/step.ts'
import { isOver, type Outcome } from '../src/domain/words.ts'
import { messageOf, type SluiceError } from '../src/errors.ts'
import { databaseError, isOfDatabase } from '../src/postgres/db.ts'
import { type IngestEntry, readIngest } from '../src/postgres/ledger/ingests.ts'
import { readStepTasks } from '../src/postgres/ledger/steps.ts'
import { endSessions } from '../src/postgres/sessions.ts'
import type { Attempt } from './attempt/attempt.ts'
import { atOnce } from './begin/atOnce.ts'
import { type BeginInput, type Begun, isSmall } from './begin/begun.ts'
import { type Listed, listSource } from './list.ts'
import { loadUnit } from './load.ts'
import { planIngest } from './plan.ts'
import { publishedCounts } from './publish/counts.ts'
import { publishIngest } from './publish.ts'
import { stageLot } from './stage.ts'
import { runStepOnFiles } from './stepOnFiles.ts'
import { sweepIngest, sweepSteps } from './sweep.ts'

/**
 * The first attempt tries to do everything in one transaction. Whatever stops it leaves nothing
 * behind, and the verbs then do it one after the other: each tells what is wrong, waits for what is
 * held, and commits what it did, as it does for a large ingest. So does every later attempt, for
 * which the verbs find in the ledger what was done.
 */
export async function beginIngest(attempt: Attempt, input: BeginInput): Promise<Begun> {
  const { db, signal, isRetry, log } = attempt
  const { ingestId } = input
  if (!isRetry) {
    const begun = await atOnce(attempt, input).catch((error) => {
      signal.throwIfAborted()
      if (endsAttempt(error)) throw error
      log.debug({ event: 'not at once', ingestId }, `${ingestId}: ${messageOf(error)}`)
      return null
    })
    if (begun) return isListedWithSteps(begun) ? afterStage(attempt, input, begun.progress) : begun
  }
  // No other activity is at work on it. What is left is of an attempt that the server gave up on, or
  // the one transaction, whose connection was cut: it has ended before anything is read.
  await endSessions(db, ingestId, { except: 'sweep' })
  const entry = await readIngest(db, ingestId)
  return (await endedBefore(attempt, ingestId, entry)) ?? verbByVerb(attempt, input)
}

/** It is staged, and all of its steps are for this worker. */
const isListedWithSteps = (begun: Begun): begun is { progress: Progress & Listed } =>
  begun.progress?.phase === 'step'

/**
 * The attempt is over, and not only its transaction: it was held up by a pause, or its session was
 * ended, most likely by the sweep of an ingest that was cancelled.
 */
function endsAttempt(error: unknown): boolean {
  const { code } = isOfDatabase(error) ? databaseError(error) : (error as Partial<SluiceError>)
  return code === 'ingest_paused' || code === 'database_unavailable'
}

/** An earlier attempt has done it all, and its answer did not arrive. */
async function endedBefore(
  attempt: Attempt,
  ingestId: string,
  ingest: IngestEntry,
): Promise<Begun | null> {
  const { db } = attempt
  const { state, publishedAt, spec } = ingest
  const areStepsAll = state === 'completed' && spec.target === null
  if (!areStepsAll && (!isOver(state) || !publishedAt)) return null
  await attempt.stage.clear(ingestId)
  return { counts: areStepsAll ? countsOfSteps(1) : await publishedCounts(db, ingestId, ingest) }
}

async function verbByVerb(attempt: Attempt, input: BeginInput): Promise<Begun> {
  const { ingestId } = input
  const { isRetry, attemptNo, taskQueue } = attempt
  const listed = await verb(attempt, 'list', () => listSource(attempt, { ingestId }))
  const { sizeBytes } = await readIngest(attempt.db, ingestId)
  if (!isSmall({ listed, sizeBytes }, input, taskQueue)) {
    return { progress: { ...listed, phase: 'stage' } }
  }
  await verb(attempt, 'stage', () => stageLot(attempt, { ingestId, lotNo: 0 }))
  if (!isRetry || !listed.steps) return afterStage(attempt, input, listed)
  // What the attempts before this one lost is for attempts of its own, which are counted.
  const stepNo = await firstUnfinished(attempt, ingestId, listed.steps.length)
  return {
    progress: { ...listed, phase: 'step', alone: { ...onlyFile, stepNo, before: attemptNo - 1 } },
  }
}

async function firstUnfinished({ db }: Attempt, ingestId: string, steps: number) {
  for (let stepNo = 0; stepNo < steps; stepNo++) {
    const { tasks } = await readStepTasks(db, { ingestId, stepNo, fileNo: 0, files: 1 })
    if (!tasks[0]?.finishedAt) return stepNo
  }
  return steps
}

const onlyFile = { fileNo: 0, threw: false }

async function afterStage(attempt: Attempt, input: BeginInput, listed: Listed): Promise<Begun> {
  const { ingestId } = input
  for (const [stepNo, { step, softMs }] of (listed.steps ?? []).entries()) {
    const files = { fileNo: 0, files: 1, fileSoftMs: softMs, beginMs: beginFilesMs }
    const run = () => runStepOnFiles(attempt, { ingestId, stepNo, step, ...files })
    const { alone } = await verb(attempt, 'step', run)
    const [left] = alone ?? []
    if (left) return { progress: { ...listed, phase: 'step', alone: { ...left, stepNo } } }
  }
  const { spec } = listed.steps ? await readIngest(attempt.db, ingestId) : { spec: null }
  if (spec?.target === null) {
    await verb(attempt, 'sweep', () => sweepSteps(attempt, { ingestId, outcome: completed }))
    return { counts: countsOfSteps(1) }
  }
  const planned = await verb(attempt, 'plan', () => planIngest(attempt, { ingestId }))
  const progress = { ...listed, ...planned, phase: 'load' } as const
  if (planned.units > 1) return { progress }
  if (planned.units === 1) {
    const unit = await verb(attempt, 'load', () => loadUnit(attempt, { ingestId, unitNo: 0 }))
    const { rowsLoaded, rowsRejected, unitsAdded = 0 } = unit
    // It has killed workers, and its parts are units of their own now.
    if (unitsAdded > 0) {
      const units = 1 + unitsAdded
      const loaded = { next: 1, loaded: 1, rowsLoaded, rowsRejected }
      return { progress: { ...progress, units, unitsAdded, ...loaded } }
    }
  }
  const { records } = planned
  const publish = () => publishIngest(attempt, { ingestId, records })
  const counts = await verb(attempt, 'publish', publish)
  if (isEmptied(counts)) return { progress }
  await complete(attempt, ingestId)
  return { counts }
}

const completed: Outcome = { state: 'completed', error: null }

const complete = (attempt: Attempt, ingestId: string): Promise<void> =>
  verb(attempt, 'sweep', () => sweepIngest(attempt, { ingestId, outcome: completed }))

function verb<T>(attempt: Attempt, name: string, run: () => Promise<T>): Promise<T> {
  attempt.progress(name)
  return run()
}
