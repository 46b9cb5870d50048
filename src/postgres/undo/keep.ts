/**
 * What a mode that finds rows by a key keeps of them for an undo, in the statement that changes them.
 *
 * The keys of rows that are inserted or updated go into one table, in which each has the `xmin` of its
 * row. Rows that are updated or deleted go into another one as they were before. So a key is in the
 * first table alone for a row that was inserted, in both for one that was updated, and in the second
 * alone for one that was deleted.
 */
import { quoteIdentifier, quoteTable, type TableName } from '../../domain/table.ts'
import type { Connection } from '../db.ts'
import { undoTables, xminColumn } from '../names.ts'
import { createKeys } from './written.ts'

/** Where it is kept. */
export interface Keep {
  /** Takes the keys of rows that are written. */
  table: TableName
  keys: readonly string[]
  /** Takes rows as they were before; absent for a mode that only adds rows. */
  before?: TableName
}

/** Makes both tables, with the types of the target. */
export async function createKept(
  tx: Connection,
  ingestId: string,
  { target, keys }: { target: TableName; keys: readonly string[] },
): Promise<Keep> {
  const { before } = undoTables(ingestId)
  const table = await createKeys(tx, ingestId, { target, keys })
  const xmin = quoteIdentifier(xminColumn(ingestId))
  await tx.query(`
    drop table if exists ${quoteTable(before)};
    create table ${quoteTable(before)} as select t.xmin as ${xmin}, t.* from ${quoteTable(target)} t
      with no data`)
  return { table, keys, before }
}

/**
 * What the statement returns of each row beside its `action`, as SQL.
 * @param now the alias of the row as it is written
 * @param was that by which the row of before is found
 */
export const keptColumns = ({ keys, before }: Keep, now: string, was: string): string =>
  keys
    .map(quoteIdentifier)
    .flatMap((name, at) => [
      `${now}.${name} as now_${at}`,
      ...(before ? [`${was}.${name} as was_${at}`] : []),
    ])
    .join(', ')

/**
 * Goes behind the statement, which is the query `done`. All parts of a statement see the table as it
 * was before, so that is where the rows of before are read.
 * @param target what they are read from, as SQL
 */
export function keepText({ table, keys, before }: Keep, target: string): string {
  const names = keys.map(quoteIdentifier)
  const now = names.map((_, at) => `now_${at}`).join(', ')
  const was = names.map((name, at) => `t.${name} = d.was_${at}`).join(' and ')
  const written = `, written as (
    insert into ${quoteTable(table)} (${names.join(', ')})
    select ${now} from done where action <> 'DELETE')`
  if (!before) return written
  return `${written}, kept as (
    insert into ${quoteTable(before)}
    select t.xmin, t.* from done d join ${target} t on ${was} where d.action <> 'INSERT')`
}
