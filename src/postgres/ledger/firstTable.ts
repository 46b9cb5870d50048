/** The ledger's word on the first table of an ingest, which its other files are compared with. */
import type { FirstTable, Reading } from '../../domain/words.ts'
import type { Connection, Db } from '../db.ts'

/** How files are read, and what they are compared with; both are null before there is a table. */
export interface Decided {
  reading: Reading | null
  firstTable: Omit<FirstTable, 'reading'> | null
}

/** The first table that is offered is the one that the other files are compared with. */
export async function decideFirstTable(
  db: Db,
  ingestId: string,
  first: FirstTable,
): Promise<Decided> {
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

/** What a list comes to. */
export interface NewList {
  files: number
  sizeBytes: number
  fingerprint: string
  first: FirstTable | null
}

export async function recordListed(
  tx: Connection,
  ingestId: string,
  listed: NewList,
): Promise<void> {
  await tx.query(
    `update sluice.ingests
     set files = $2, size_bytes = $3, reading = $4, first_table = $5, fingerprint = $6
     where ingest_id = $1`,
    [ingestId, ...listColumns(listed)],
  )
}

/** Files, bytes, reading, first table, and fingerprint. */
export const listColumns = ({ files, sizeBytes, fingerprint, first }: NewList) => [
  files,
  sizeBytes,
  first && JSON.stringify(first.reading),
  first && JSON.stringify(withoutReading(first)),
  fingerprint,
]

/** A first table as the ledger gives it back. */
export const asLedger = (first: FirstTable | null): Decided => ({
  reading: first?.reading ?? null,
  firstTable: first && withoutReading(first),
})

const withoutReading = ({ reading: _, ...first }: FirstTable) => first
