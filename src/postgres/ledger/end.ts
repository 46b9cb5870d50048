/** The end of an ingest in the database: its landing table goes, its row says how it ended. */
import { parseTableName } from '../../domain/table.ts'
import type { Outcome } from '../../domain/words.ts'
import type { Connection } from '../db.ts'
import { dropTable, landingName } from '../target/landing.ts'
import { type IngestEntry, recordEnd } from './ingests.ts'

/** @param entry as `lockIngest` gave it in this transaction */
export async function endIngest(
  tx: Connection,
  ingestId: string,
  { spec, publishedAt }: IngestEntry,
  outcome: Outcome,
): Promise<void> {
  if (spec.target) {
    await dropTable(tx, landingName(ingestId, parseTableName(spec.target.table)))
  }
  // A publish that committed has happened, whatever its caller heard of it.
  await recordEnd(tx, ingestId, publishedAt ? { state: 'completed', error: null } : outcome)
}
