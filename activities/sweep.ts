/** sweep: ends what is left of an ingest, whatever became of it, and records how it ended. */
import { isOver, type Outcome } from '../src/domain/words.ts'
import { endIngest } from '../src/postgres/ledger/end.ts'
import { enterPhase } from '../src/postgres/ledger/ingests.ts'
import { listParts } from '../src/postgres/ledger/parts.ts'
import { endSessions } from '../src/postgres/sessions.ts'
import type { Attempt, VerbInput } from './attempt/attempt.ts'
import { untilTaken } from './attempt/retry.ts'
import { underLock } from './attempt/underLock.ts'

export interface SweepInput extends VerbInput {
  outcome: Outcome
}

/**
 * Sessions that still load are ended first: a cancel does not wait for their workers. After the
 * landing table is gone and the ingest has ended, no late attempt finds anything to write to.
 *
 * It never gives up. A view on the landing table, say, is not ours to drop: the error names it, and
 * the sweep is retried until it is gone.
 */
export async function sweepIngest(attempt: Attempt, input: SweepInput): Promise<void> {
  const { db, stage } = attempt
  const { ingestId } = input
  await untilTaken(async () => {
    await endSessions(db, ingestId)
    await sweepParts(attempt, input)
    await enterPhase(db, ingestId, 'sweep')
    await endInLedger(attempt, input)
  })
  await stage.clear(ingestId)
}

/**
 * The same where there is no landing table and this attempt alone is at work on the ingest: no session
 * is to be ended, and the phase would be over with the next statement.
 */
export async function sweepSteps(attempt: Attempt, input: SweepInput): Promise<void> {
  await untilTaken(() => endInLedger(attempt, input))
  await attempt.stage.clear(input.ingestId)
}

/** Those of its parts that have not ended by themselves. */
async function sweepParts(attempt: Attempt, { ingestId, outcome }: SweepInput): Promise<void> {
  for (const part of await listParts(attempt.db, ingestId)) {
    if (!isOver(part.state)) await sweepIngest(attempt, { ingestId: part.ingestId, outcome })
  }
}

const endInLedger = (attempt: Attempt, { ingestId, outcome }: SweepInput): Promise<void> =>
  underLock(attempt, { ingestId, what: 'sweep' }, (tx, entry) =>
    endIngest(tx, ingestId, entry, outcome),
  )
