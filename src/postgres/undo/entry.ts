/** What the ledger keeps of an ingest that can be taken back, and whether it still can be. */
import type { TableName } from '../../domain/table.ts'
import { type Buckets, type KeptRow, undoableModes } from '../../domain/undo.ts'
import { isOver, type State } from '../../domain/words.ts'
import { sluiceError } from '../../errors.ts'
import type { FullTarget } from '../../spec/target.ts'
import type { Connection } from '../db.ts'
import type { Before } from './before.ts'

export interface UndoEntry {
  targetOid: number
  filenode: number | null
  made: boolean
  keys: string[] | null
  /** Each row is known by its key, see keep.ts; if not, by the transaction that wrote it. */
  byKey: boolean
  /** It is over with it: the time that it was kept for has passed. */
  isExpired: boolean
  /** The ledger was restored from a dump, so the numbers of transactions are others. */
  isRestored: boolean
  /** Transactions since then. */
  age: number
  /** As `xmin` has them. */
  xids: string[]
  /** Rows that the receipts say were loaded. */
  rowsLoaded: number
}

/** @returns null when it was never entered, or has been removed */
export async function readUndo(tx: Connection, ingestId: string): Promise<UndoEntry | null> {
  const { rows } = await tx.query(
    `select target_oid as "targetOid", filenode, made, keys, by_key as "byKey",
            keep_until < clock_timestamp() as "isExpired",
            guard <> u.xmin::text::bigint as "isRestored",
            pg_snapshot_xmax(pg_current_snapshot())::text::bigint - newest_xid as age,
            coalesce((select array_agg(distinct coalesce(x.xid, x.xmin::text::bigint)::text)
                      from sluice.undo_xids x where x.ingest_id = u.ingest_id), '{}') as xids,
            coalesce((select sum(rows_loaded) from sluice.units
                      where ingest_id = u.ingest_id), 0)::bigint as "rowsLoaded"
     from sluice.undos u where ingest_id = $1`,
    [ingestId],
  )
  return rows[0] ?? null
}

/**
 * @returns its entry
 * @throws undo_too_early, undo_not_asked, undo_expired, undo_unpublished, undo_impossible
 */
export function mustBeUndoable(
  ingestId: string,
  { state, target }: { state: State; target: FullTarget | null },
  entry: UndoEntry | null,
): UndoEntry {
  if (!isOver(state)) throw sluiceError('undo_too_early', { ingestId, state })
  if (target && !undoableModes.includes(target.mode)) {
    const problem = `its mode is ${target.mode}, which keeps nothing for that`
    throw impossible(ingestId, target.table, problem)
  }
  if (!target?.undo) throw sluiceError('undo_not_asked', { ingestId })
  if (state === 'completed' && (!entry || entry.isExpired)) {
    throw sluiceError('undo_expired', { ingestId })
  }
  if (!entry) throw sluiceError('undo_unpublished', { ingestId, state })
  if (entry.isRestored) {
    throw impossible(ingestId, target.table, 'the ledger was restored from a dump since')
  }
  // A number of 32 bits comes again after twice as many.
  if (entry.age > 2 ** 31) {
    throw impossible(ingestId, target.table, 'more than two billion transactions have passed since')
  }
  return entry
}

export const impossible = (ingestId: string, table: string, problem: string, cause?: unknown) =>
  sluiceError('undo_impossible', { ingestId, table, problem }, { cause })

/** What has become of the rows of an ingest. */
export interface Counted extends Buckets {
  kept: KeptRow[]
  /** Rows that the ingest had added to the table. */
  rowsAdded: number
  /** Rows that it left in the table, and those of them that are as it wrote them. */
  left: number
  ours: number
  /** Rows of the same transactions that are none of those. */
  strange: number
}

export interface Surveyed {
  target: TableName
  isPartitioned: boolean
  entry: UndoEntry
  /** Rows of before, where the ingest replaced, changed or deleted them. */
  before: Before | null
}
