/** A landing table without a log that PostgreSQL has emptied: its units are to be loaded again. */
import type { Emptied } from '../../src/domain/ingestInput.ts'
import { parseTableName } from '../../src/domain/table.ts'
import { isOver } from '../../src/domain/words.ts'
import { noteOf } from '../../src/errors/notes.ts'
import type { Connection } from '../../src/postgres/db.ts'
import type { IngestEntry } from '../../src/postgres/ledger/ingests.ts'
import { addNotes } from '../../src/postgres/ledger/notes.ts'
import { isKept, takeBackReceipts } from '../../src/postgres/ledger/unlogged.ts'
import { landingName } from '../../src/postgres/names.ts'

/**
 * Takes the receipts back, in the transaction of publish, which has locked the ingest.
 * @returns null when the landing table has what was loaded
 */
export async function takeBackEmptied(
  tx: Connection,
  ingestId: string,
  { unlogged, publishedAt, state, spec: { target } }: IngestEntry,
): Promise<Emptied | null> {
  if (!target || !unlogged || publishedAt || isOver(state)) return null
  if (await isKept(tx, ingestId)) return null
  const landing = landingName(ingestId, parseTableName(target.table))
  const units = await takeBackReceipts(tx, ingestId, landing)
  if (units > 0) await addNotes(tx, ingestId, [noteOf('units_loaded_again', { count: units })])
  return { emptied: true }
}
