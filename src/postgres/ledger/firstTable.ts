/** The ledger's word on the first table of an ingest, which its other files are compared with. */
import type { FirstTable } from '../../domain/words.ts'
import type { Connection, Db } from '../db.ts'
import type { IngestEntry } from './ingests.ts'

/** The first table that is offered is the one that the other files are compared with. */
export async function decideFirstTable(
  db: Db,
  ingestId: string,
  first: FirstTable,
): Promise<Pick<IngestEntry, 'reading' | 'firstTable'>> {
  const { rows } = await db.query(
    `update sluice.ingests
     set reading = coalesce(reading, $2),
         first_table = case when reading is null then $3 else first_table end
     where ingest_id = $1
     returning reading, first_table as "firstTable"`,
    [ingestId, JSON.stringify(first.reading), JSON.stringify(withoutReading(first))],
  )
  return rows[0]
}

export async function recordListed(
  tx: Connection,
  ingestId: string,
  listed: { files: number; sizeBytes: number; fingerprint: string; first: FirstTable | null },
): Promise<void> {
  const { files, sizeBytes, fingerprint, first } = listed
  await tx.query(
    `update sluice.ingests
     set files = $2, size_bytes = $3, reading = $4, first_table = $5, fingerprint = $6
     where ingest_id = $1`,
    [
      ingestId,
      files,
      sizeBytes,
      first && JSON.stringify(first.reading),
      first && JSON.stringify(withoutReading(first)),
      fingerprint,
    ],
  )
}

/** A first table as the ledger gives it back. */
export const asLedger = (
  first: FirstTable | null,
): Pick<IngestEntry, 'reading' | 'firstTable'> => ({
  reading: first?.reading ?? null,
  firstTable: first && withoutReading(first),
})

const withoutReading = ({ reading: _, ...first }: FirstTable) => first
