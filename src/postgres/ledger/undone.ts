/** The ledger's table of ingests that were taken back. It outlives them: their ids may be used again. */
import type { KeptRow, Undone } from '../../domain/undo.ts'
import type { Connection, Db } from '../db.ts'
import { channels, notified } from '../notify.ts'

export interface UndoneView extends Undone {
  undoneAt: Date
  /** The first of the rows that stayed. */
  kept: KeptRow[]
}

/** @returns null when the newest ingest of that id was not taken back */
export async function readUndone(
  db: Db | Connection,
  ingestId: string,
): Promise<UndoneView | null> {
  const { rows } = await db.query(
    `select u.undone_at as "undoneAt", u.rows_removed as "rowsRemoved", u.kept,
            u.rows_restored as "rowsRestored", u.rows_kept as "rowsKept",
            u.table_dropped as "tableDropped"
     from sluice.undone u join sluice.ingests i using (ingest_id)
     where ingest_id = $1 and i.state = 'undone' order by u.undone_at desc limit 1`,
    [ingestId],
  )
  return rows[0] ?? null
}

interface Recorded {
  undone: Undone
  kept: readonly KeptRow[]
  rowsLoaded: number
  /** Rows that were kept as they were before the ingest. */
  rowsBefore: number
  by: { worker: string; attempt: number }
}

/** The last statements of its transaction but the commit. */
export async function recordUndone(
  tx: Connection,
  ingestId: string,
  { undone, kept, rowsLoaded, rowsBefore, by }: Recorded,
): Promise<void> {
  const { rowsRemoved, rowsRestored, rowsKept, tableDropped } = undone
  await tx.query(
    `insert into sluice.undone
       (ingest_id, undone_at, target, rows_loaded, rows_before, rows_removed, rows_restored,
        rows_kept, kept, table_dropped, worker, attempt)
     select ingest_id, clock_timestamp(), target, $2, $3, $4, $5, $6, $7, $8, $9, $10
     from sluice.ingests where ingest_id = $1`,
    [
      ingestId,
      rowsLoaded,
      rowsBefore,
      rowsRemoved,
      rowsRestored,
      rowsKept,
      JSON.stringify(kept),
      tableDropped,
      by.worker,
      by.attempt,
    ],
  )
  await tx.query(
    `update sluice.ingests set state = 'undone' where ingest_id = $1
     returning ${notified(channels.ingests, 'ingest_id')}`,
    [ingestId],
  )
}
