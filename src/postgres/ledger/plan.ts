/** The plan of an ingest in the ledger, which may grow while files are staged. */
import type { Column } from '../../domain/columns.ts'
import type { Connection } from '../db.ts'
import { listColumns, type NewList } from './firstTable.ts'
import { type IngestEntry, lockedIngest, selectIngest } from './ingests.ts'

/**
 * Locks the ingest against every other verb that plans or publishes, but not against loads, and reads it.
 * @throws ingest_not_found
 */
export async function lockToGrow(tx: Connection, ingestId: string): Promise<IngestEntry> {
  const found = await tx.query(`${selectIngest()} for no key update`, [ingestId])
  return lockedIngest(ingestId, found)
}

/** Rejects that the loads of an ingest have kept so far. */
export async function hasRejects(tx: Connection, ingestId: string): Promise<boolean> {
  const { rows } = await tx.query(
    'select exists (select from sluice.rejects where ingest_id = $1) as found',
    [ingestId],
  )
  return rows[0].found
}

/** @param planned `units`: those that are new with it; `growing`: null when the plan is complete */
export async function recordPlanned(
  tx: Connection,
  ingestId: string,
  planned: Pick<IngestEntry, 'relied' | 'traced' | 'unlogged' | 'growing' | 'remade' | 'units'> & {
    columns: Column[]
    landing: string
  },
  /** Where the same transaction has listed the source. */
  listed: NewList | null = null,
): Promise<void> {
  await tx.query(
    `update sluice.ingests
     set units = coalesce(units, 0) + $2, columns = $3, landing = $4, traced = $5, relied = $6,
         phase = case when $13::jsonb is null then 'load' else phase end,
         files = coalesce($7, files), size_bytes = coalesce($8, size_bytes),
         reading = coalesce($9, reading), first_table = coalesce($10, first_table),
         fingerprint = coalesce($11, fingerprint), unlogged = $12, growing = $13, remade = $14
     where ingest_id = $1`,
    [
      ingestId,
      planned.units,
      JSON.stringify(planned.columns),
      planned.landing,
      planned.traced,
      planned.relied && JSON.stringify(planned.relied),
      ...(listed ? listColumns(listed) : [null, null, null, null, null]),
      planned.unlogged,
      planned.growing && JSON.stringify(planned.growing),
      planned.remade,
    ],
  )
}
