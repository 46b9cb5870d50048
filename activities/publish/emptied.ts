/** A landing table without a log that PostgreSQL has emptied: its units are to be loaded again. */
import type { Emptied } from '../../src/domain/ingestInput.ts'
import { parseTableName } from '../../src/domain/table.ts'
import { isOver } from '../../src/domain/words.ts'
import { noteOf } from '../../src/errors/notes.ts'
import type { Connection } from '../../src/postgres/db.ts'
import type { IngestEntry } from '../../src/postgres/ledger/ingests.ts'
import { addNotes } from '../../src/postgres/ledger/notes.ts'
import { sumReceipts } from '../../src/postgres/ledger/units.ts'
import { fateOf, takeBackReceipts } from '../../src/postgres/ledger/unlogged.ts'
import { landingName } from '../../src/postgres/names.ts'
import type { Attempt } from '../attempt/attempt.ts'

/**
 * Takes the receipts back, in the transaction of publish, which has locked the ingest. Of an attempt
 * that did so, and whose answer was lost, the next one finds that units have no receipt.
 * @returns null when the landing table has what was loaded
 */
export async function takeBackEmptied(
  { isRetry }: Pick<Attempt, 'isRetry'>,
  tx: Connection,
  ingestId: string,
  { unlogged, publishedAt, state, spec: { target } }: IngestEntry,
): Promise<Emptied | null> {
  if (!target || !unlogged || publishedAt || isOver(state)) return null
  const landing = landingName(ingestId, parseTableName(target.table))
  const fate = await fateOf(tx, ingestId, landing)
  if (fate === 'kept') return null
  if (fate === 'logged') {
    const isUntold = isRetry && (await sumReceipts(tx, ingestId)).missing > 0
    return isUntold ? { emptied: true } : null
  }
  const units = await takeBackReceipts(tx, ingestId, landing)
  if (units > 0) await addNotes(tx, ingestId, [noteOf('units_loaded_again', { count: units })])
  return { emptied: true }
}
