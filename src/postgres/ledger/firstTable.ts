/** The ledger's word on the first table of an ingest, which its other files are compared with. */
import type { FirstTable } from '../../domain/words.ts'
import type { Connection, Db } from '../db.ts'
import type { IngestEntry } from './ingests.ts'

/** The first table that is offered is the one that the other files are compared with. */
export async function decideFirstTable(
  db: Db,
  ingestId: string,
  first: FirstTable,
): Promise<Pick<IngestEntry, 'dialect' | 'firstTable'>> {
  const { rows } = await db.query(
    `update sluice.ingests
     set dialect = coalesce(dialect, $2),
         first_table = case when dialect is null then $3 else first_table end
     where ingest_id = $1
     returning dialect, first_table as "firstTable"`,
    [ingestId, JSON.stringify(first.dialect), JSON.stringify(withoutDialect(first))],
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
     set files = $2, size_bytes = $3, dialect = $4, first_table = $5, fingerprint = $6
     where ingest_id = $1`,
    [
      ingestId,
      files,
      sizeBytes,
      first && JSON.stringify(first.dialect),
      first && JSON.stringify(withoutDialect(first)),
      fingerprint,
    ],
  )
}

const withoutDialect = ({ dialect: _, ...first }: FirstTable) => first
