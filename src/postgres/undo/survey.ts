/** What taking an ingest back comes to: the three buckets, and the rows that stay. */
import {
  ownRows,
  quoteIdentifier,
  quoteTable,
  sameIn,
  showTable,
  type TableName,
} from '../../domain/table.ts'
import { type KeptRow, keptListedMax } from '../../domain/undo.ts'
import type { Connection } from '../db.ts'
import { undoTables } from '../names.ts'
import { listTaken, readBefore } from './before.ts'
import { countByKey } from './byKey.ts'
import { type Counted, impossible, type Surveyed, type UndoEntry } from './entry.ts'
import { isOurs } from './written.ts'

export interface Survey extends Counted, Pick<Surveyed, 'before' | 'isPartitioned'> {
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
  const before = await readBefore(tx, ingestId, target)
  if (before && before.rows > 0 && before.gone.length > 0) {
    const gone = before.gone.slice(0, 20).join(', ')
    throw impossible(ingestId, shown, `it has no columns any more that its rows had: ${gone}`)
  }
  const there = await countThere(tx, { target, isPartitioned, xids: entry.xids })
  const surveyed = { target, isPartitioned, entry, before }
  const counted = entry.byKey
    ? await countByKey(tx, ingestId, { ...surveyed, ofThem: there.ofThem })
    : await countByXid(tx, ingestId, { ...surveyed, ours: there.ofThem })
  const { ours, left, strange } = counted
  if (strange > 0) {
    const problem = `${there.ofThem} rows came with it, and it wrote ${there.ofThem - strange}: a trigger wrote the others`
    throw impossible(ingestId, shown, problem)
  }
  if (ours === 0 && left > 0 && there.rows > 0) {
    await mustNotBeRewritten(tx, ingestId, shown, entry)
  }
  const isAllOurs = entry.made && ours === there.rows && counted.rowsRestored === 0
  return { ...counted, before, isPartitioned, isAllOurs }
}

/** Counts the rows of the table, and those that transactions of the ingest wrote. */
async function countThere(
  tx: Connection,
  { target, isPartitioned, xids }: Pick<Surveyed, 'target' | 'isPartitioned'> & { xids: string[] },
): Promise<{ ofThem: number; rows: number }> {
  const { rows } = await tx.query(
    `select count(*) filter (where ${isOurs('t')}) as "ofThem", count(*) as rows
     from ${ownRows(target, isPartitioned)} t`,
    [xids],
  )
  return rows[0]
}

/** Rows that are known by the transactions that wrote them: there are as many as were loaded. */
async function countByXid(
  tx: Connection,
  ingestId: string,
  { ours, ...surveyed }: Surveyed & { ours: number },
): Promise<Counted> {
  const { target, isPartitioned, before, entry } = surveyed
  const { keys, xids, rowsLoaded } = entry
  const others = Math.max(rowsLoaded - ours, 0)
  const listed = others > 0 ? await listKept(tx, ingestId, surveyed) : []
  const taken = before
    ? await listTaken(tx, { target, isPartitioned, before, keys, xids })
    : { count: 0, kept: [] }
  return {
    rowsRemoved: ours,
    rowsRestored: (before?.rows ?? 0) - taken.count,
    rowsKept: others + taken.count,
    kept: [...listed, ...taken.kept].slice(0, keptListedMax),
    rowsAdded: rowsLoaded,
    left: rowsLoaded,
    ours,
    strange: Math.max(ours - rowsLoaded, 0),
  }
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
  const problem =
    'all of its rows were written anew since, ' +
    'as some forms of ALTER TABLE do, and a replace where there are partitions'
  throw impossible(ingestId, table, problem)
}

/** The first of the rows that are others now, or gone: known where the table has a primary key. */
async function listKept(
  tx: Connection,
  ingestId: string,
  { target, entry, isPartitioned }: Surveyed,
): Promise<KeptRow[]> {
  const { keys, xids } = entry
  if (!keys) return []
  const { keys: table } = undoTables(ingestId)
  const list = keys.map(quoteIdentifier)
  const { rows } = await tx.query(
    `select to_jsonb(k) as key, case when t.tableoid is null then 'deleted' else 'changed' end as why
     from ${quoteTable(table)} k
     left join ${ownRows(target, isPartitioned)} t on ${sameIn(keys, 't', 'k')}
     where t.tableoid is null or not ${isOurs('t')}
     order by ${list.map((name) => `k.${name}`).join(', ')} limit ${keptListedMax}`,
    [xids],
  )
  return rows
}
