/** What taking an ingest back comes to: the three buckets, and the rows that stay. */
import {
  ownRows,
  quoteIdentifier,
  quoteTable,
  showTable,
  type TableName,
} from '../../domain/table.ts'
import { type Buckets, type KeptRow, keptListedMax } from '../../domain/undo.ts'
import { isOver, type State } from '../../domain/words.ts'
import { sluiceError } from '../../errors.ts'
import type { FullTarget } from '../../spec/target.ts'
import type { Connection } from '../db.ts'
import { undoTables } from '../names.ts'
import { type Before, listTaken, type Restoring, readBefore } from './before.ts'
import { isOurs } from './written.ts'

/** What the ledger keeps of an ingest that can be taken back. */
export interface UndoEntry {
  targetOid: number
  filenode: number | null
  made: boolean
  keys: string[] | null
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
    `select target_oid as "targetOid", filenode, made, keys,
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

export interface Survey extends Buckets {
  kept: KeptRow[]
  /** Rows of before, where the ingest replaced them. */
  before: Before | null
  isPartitioned: boolean
  /** The ingest made the table, and only its rows are there. */
  isAllOurs: boolean
}

/** @throws undo_impossible */
export async function survey(
  tx: Connection,
  ingestId: string,
  { target, entry }: { target: TableName; entry: UndoEntry },
): Promise<Survey> {
  const shown = showTable(target)
  const isPartitioned = await mustBeTheTable(tx, ingestId, { target, entry })
  const from = ownRows(target, isPartitioned)
  const { rows } = await tx.query(
    `select count(*) filter (where ${isOurs('t')}) as ours, count(*) as rows from ${from} t`,
    [entry.xids],
  )
  const { ours, rows: all } = rows[0] as { ours: number; rows: number }
  const { rowsLoaded } = entry
  if (ours > rowsLoaded) {
    const problem = `${ours} rows came with it, and it loaded ${rowsLoaded}: a trigger made the others`
    throw impossible(ingestId, shown, problem)
  }
  if (ours === 0 && rowsLoaded > 0 && all > 0) await mustNotBeRewritten(tx, ingestId, shown, entry)
  const others = rowsLoaded - ours
  const listed = others > 0 ? await listKept(tx, ingestId, { target, entry, isPartitioned }) : []
  const before = await readBefore(tx, ingestId, target)
  const { keys, xids } = entry
  const taken = before
    ? await mayComeBack(tx, ingestId, { target, isPartitioned, before, keys, xids })
    : none
  return {
    rowsRemoved: ours,
    rowsRestored: (before?.rows ?? 0) - taken.count,
    rowsKept: others + taken.count,
    kept: [...listed, ...taken.kept].slice(0, keptListedMax),
    before,
    isPartitioned,
    isAllOurs: entry.made && ours === all,
  }
}

const none = { count: 0, kept: [] }

/** @throws undo_impossible when the table lacks columns that the rows of before have */
async function mayComeBack(tx: Connection, ingestId: string, restoring: Restoring) {
  const { before, target } = restoring
  if (before.gone.length === 0) return listTaken(tx, restoring)
  const problem = `it has no columns any more that its rows had: ${before.gone.slice(0, 20).join(', ')}`
  throw impossible(ingestId, showTable(target), problem)
}

/** @throws undo_impossible when another table has the name, or none */
async function mustBeTheTable(
  tx: Connection,
  ingestId: string,
  { target, entry }: { target: TableName; entry: UndoEntry },
): Promise<boolean> {
  const { rows } = await tx.query(
    `select oid::int8 as oid, relkind = 'p' as "isPartitioned"
     from pg_class where oid = to_regclass($1)`,
    [quoteTable(target)],
  )
  const problem = rows[0] ? 'another table has its name now' : 'it does not exist any more'
  if (rows[0]?.oid !== entry.targetOid) throw impossible(ingestId, showTable(target), problem)
  return rows[0].isPartitioned
}

/**
 * ALTER TABLE may write all rows anew, and a dump that is loaded does so: then none is as the ingest
 * wrote it. VACUUM FULL and CLUSTER move rows into another file as well, but leave their `xmin`.
 * @throws undo_impossible
 */
async function mustNotBeRewritten(
  tx: Connection,
  ingestId: string,
  table: string,
  { targetOid, filenode }: UndoEntry,
): Promise<void> {
  const { rows } = await tx.query('select pg_relation_filenode($1::oid) as filenode', [targetOid])
  if (rows[0].filenode !== null && rows[0].filenode === filenode) return
  const problem = 'all of its rows were written anew since, as some forms of ALTER TABLE do'
  throw impossible(ingestId, table, problem)
}

/** The first of the rows that are others now, or gone: known where the table has a primary key. */
async function listKept(
  tx: Connection,
  ingestId: string,
  { target, entry, isPartitioned }: { target: TableName; entry: UndoEntry; isPartitioned: boolean },
): Promise<KeptRow[]> {
  const { keys, xids } = entry
  if (!keys) return []
  const { keys: table } = undoTables(ingestId)
  const list = keys.map(quoteIdentifier)
  const pairs = list.map((name) => `t.${name} = k.${name}`).join(' and ')
  const { rows } = await tx.query(
    `select to_jsonb(k) as key, case when t.tableoid is null then 'deleted' else 'changed' end as why
     from ${quoteTable(table)} k
     left join ${ownRows(target, isPartitioned)} t on ${pairs}
     where t.tableoid is null or not ${isOurs('t')}
     order by ${list.map((name) => `k.${name}`).join(', ')} limit ${keptListedMax}`,
    [xids],
  )
  return rows
}
