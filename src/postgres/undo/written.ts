/**
 * Which rows of a target an ingest has written: those whose `xmin` is one of its transactions.
 *
 * It costs nothing for each row, and what changes a row afterwards gives it another `xmin`. VACUUM,
 * VACUUM FULL and CLUSTER leave it as it is.
 */
import { quoteIdentifier, quoteTable, type TableName } from '../../domain/table.ts'
import { keepUsually } from '../../domain/undo.ts'
import type { FullTarget } from '../../spec/target.ts'
import type { Connection } from '../db.ts'
import { undoTables } from '../names.ts'

/**
 * Notes that the subtransaction which is open now writes rows of the ingest: the row that this
 * inserts has the same `xmin` as they have. What is rolled back takes the note along.
 */
export async function noteWritten(tx: Connection, ingestId: string): Promise<void> {
  await tx.query('insert into sluice.undo_xids (ingest_id) values ($1)', [ingestId])
}

/**
 * Notes all that have written rows of a table, which are all of the ingest.
 * @param from the table, as SQL names it
 */
export async function noteWriters(tx: Connection, ingestId: string, from: string): Promise<void> {
  await tx.query(
    `insert into sluice.undo_xids (ingest_id, xid)
     select $1, xmin::text::bigint from (select distinct xmin from ${from}) as w`,
    [ingestId],
  )
}

/** The columns of the primary key of a table, in its order; null when it has none. */
export async function keyColumns(tx: Connection, table: TableName): Promise<string[] | null> {
  const { rows } = await tx.query<{ keys: string[] | null }>(
    `select array_agg(a.attname::text order by k.at) as keys
     from pg_index i
     cross join lateral unnest(i.indkey) with ordinality as k (no, at)
     join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.no
     where i.indrelid = to_regclass($1) and i.indisprimary and k.at <= i.indnkeyatts`,
    [quoteTable(table)],
  )
  return rows[0]?.keys ?? null
}

/** The rows of the ingest, as the condition of a statement whose first parameter is their `xmin`s. */
export const isOurs = (alias: string): string => `${alias}.xmin = any($1::xid[])`

export interface Written {
  target: TableName
  /** The ingest made the table. */
  made: boolean
  keys: readonly string[] | null
  /** Each row is known by its key, see keep.ts. */
  byKey?: boolean
  into: FullTarget
}

/**
 * Enters that the ingest can be taken back, anew where it was entered before.
 *
 * The row says what its own `xmin` is: in a ledger that was restored from a dump it is another one,
 * and then the numbers of transactions say nothing about the rows.
 */
export async function enterUndo(
  tx: Connection,
  ingestId: string,
  { target, made, keys, byKey = false, into }: Written,
): Promise<void> {
  await tx.query('delete from sluice.undos where ingest_id = $1', [ingestId])
  await tx.query(
    `insert into sluice.undos
       (ingest_id, target_oid, filenode, made, keys, by_key, guard, newest_xid, keep_until)
     select $1, c.oid::int8, pg_relation_filenode(c.oid), $3, $4, $6, 0,
            pg_snapshot_xmax(pg_current_snapshot())::text::bigint,
            clock_timestamp() + $5::interval
     from pg_class c where c.oid = to_regclass($2)`,
    [ingestId, quoteTable(target), made, keys, into.keep ?? keepUsually, byKey],
  )
  await tx.query(guardText, [ingestId])
}

const guardText = 'update sluice.undos set guard = xmin::text::bigint where ingest_id = $1'

/** Rows that went straight into the target were entered by the plan; the time counts from publish. */
export async function renewUndo(
  tx: Connection,
  ingestId: string,
  into: Pick<FullTarget, 'undo' | 'keep'> | null,
): Promise<void> {
  if (!into?.undo) return
  await tx.query(
    'update sluice.undos set keep_until = clock_timestamp() + $2::interval where ingest_id = $1',
    [ingestId, into.keep ?? keepUsually],
  )
  await tx.query(guardText, [ingestId])
}

/** Makes the table of the keys of its rows, whose types are those of the target. */
export async function createKeys(
  tx: Connection,
  ingestId: string,
  { target, keys }: { target: TableName; keys: readonly string[] },
): Promise<TableName> {
  const { keys: table } = undoTables(ingestId)
  const list = keys.map(quoteIdentifier).join(', ')
  await tx.query(`
    drop table if exists ${quoteTable(table)};
    create table ${quoteTable(table)} as select ${list} from ${quoteTable(target)} with no data`)
  return table
}
