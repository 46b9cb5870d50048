/**
 * begin: the first activity of an ingest, and the only one of a small ingest.
 *
 * It lists the source. What fits into one unit it stages, plans, loads, publishes and sweeps as
 * well; what does not it leaves to the workflow, which goes on from there with an activity for each
 * verb.
 */
import { isOver } from '../src/domain/words.ts'
import { messageOf, type SluiceError } from '../src/errors.ts'
import { databaseError, isOfDatabase } from '../src/postgres/db.ts'
import { readIngest } from '../src/postgres/ledger/ingests.ts'
import { endSessions } from '../src/postgres/sessions.ts'
import type { Attempt } from './attempt/attempt.ts'
import { atOnce } from './begin/atOnce.ts'
import { type BeginInput, type Begun, isSmall } from './begin/begun.ts'
import { listSource } from './list.ts'
import { loadUnit } from './load.ts'
import { planIngest } from './plan.ts'
import { publishedCounts, publishIngest } from './publish.ts'
import { stageLot } from './stage.ts'
import { sweepIngest } from './sweep.ts'

/**
 * The first attempt tries to do everything in one transaction. Whatever stops it leaves nothing
 * behind, and the verbs then do it one after the other: each tells what is wrong, waits for what is
 * held, and commits what it did, as it does for a large ingest. So does every later attempt, for
 * which the verbs find in the ledger what was done.
 */
export async function beginIngest(attempt: Attempt, input: BeginInput): Promise<Begun> {
  const { db, signal, isRetry, log } = attempt
  const { ingestId } = input
  // No other activity is at work on it: what is left is of an attempt that the server gave up on.
  if (isRetry) await endSessions(db, ingestId, { except: 'sweep' })
  else {
    try {
      return await atOnce(attempt, input)
    } catch (error) {
      signal.throwIfAborted()
      if (endsAttempt(error)) throw error
      log.debug({ event: 'not at once', ingestId }, `${ingestId}: ${messageOf(error)}`)
    }
  }
  return (await endedBefore(attempt, ingestId)) ?? verbByVerb(attempt, input)
}

/**
 * The attempt is over, and not only its transaction: it was held up by a pause, or its session was
 * ended, most likely by the sweep of an ingest that was cancelled.
 */
function endsAttempt(error: unknown): boolean {
  const { code } = isOfDatabase(error) ? databaseError(error) : (error as Partial<SluiceError>)
  return code === 'ingest_paused' || code === 'database_unavailable'
}

/** An earlier attempt has done it all, and its answer did not arrive. */
async function endedBefore(attempt: Attempt, ingestId: string): Promise<Begun | null> {
  const { db } = attempt
  const { state, publishedAt } = await readIngest(db, ingestId)
  if (!isOver(state) || !publishedAt) return null
  await attempt.stage.clear(ingestId)
  return { counts: await publishedCounts(db, ingestId) }
}

async function verbByVerb(attempt: Attempt, input: BeginInput): Promise<Begun> {
  const { ingestId } = input
  const verb = <T>(name: string, run: () => Promise<T>): Promise<T> => {
    attempt.progress(name)
    return run()
  }
  const listed = await verb('list', () => listSource(attempt, { ingestId }))
  const { sizeBytes } = await readIngest(attempt.db, ingestId)
  if (!isSmall({ listed, sizeBytes }, input)) return { progress: { ...listed, phase: 'stage' } }
  await verb('stage', () => stageLot(attempt, { ingestId, lotNo: 0 }))
  const planned = await verb('plan', () => planIngest(attempt, { ingestId }))
  const progress = { ...listed, ...planned, phase: 'load' } as const
  if (planned.units > 1) return { progress }
  if (planned.units === 1) {
    const unit = await verb('load', () => loadUnit(attempt, { ingestId, unitNo: 0 }))
    const { rowsLoaded, rowsRejected, unitsAdded = 0 } = unit
    // It has killed workers, and its parts are units of their own now.
    if (unitsAdded > 0) {
      const units = 1 + unitsAdded
      const loaded = { next: 1, loaded: 1, rowsLoaded, rowsRejected }
      return { progress: { ...progress, units, unitsAdded, ...loaded } }
    }
  }
  const { records } = planned
  const counts = await verb('publish', () => publishIngest(attempt, { ingestId, records }))
  const outcome = { state: 'completed', error: null } as const
  await verb('sweep', () => sweepIngest(attempt, { ingestId, outcome }))
  return { counts }
}
