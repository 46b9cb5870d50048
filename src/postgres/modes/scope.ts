/** The rows of the target that may be deleted, or retired, where the files do not have them. */
import pg from 'pg'
import { quoteIdentifier, quoteTable, type TableName } from '../../domain/table.ts'
import { sluiceError } from '../../errors.ts'
import { keptNames, type ModeSpec } from '../../spec/modes.ts'
import { clientSqlMsMax, defineQuery, defineRows, dropRows, queryView } from '../clientSql/query.ts'
import { type Connection, type Db, problemOf, transaction } from '../db.ts'
import { isCancelled, isRefusal } from '../sqlState.ts'
import { keyOf } from './key.ts'

const what = 'the scope'

export interface Scoped {
  table: TableName
  /** Without the tables that inherit from it, which a partitioned table has for its partitions. */
  only: boolean
  columns: readonly string[]
  into: ModeSpec
}

/**
 * Calls `use` with what the rows in scope are read from, as SQL: they have the columns of the key and
 * those that the mode fills itself. No text of the client is in it: see clientSql.
 * @throws sql_refused, no_temporary_tables
 */
export async function withScope<T>(
  tx: Connection,
  { table, only, columns, into }: Scoped,
  use: (rows: string) => Promise<T>,
): Promise<T> {
  if (into.scope === undefined) return use(`${only ? 'only ' : ''}${quoteTable(table)}`)
  const list = [...keyOf(into), ...keptNames(into)].map(quoteIdentifier).join(', ')
  await defineRows(tx, table, columns, { only })
  const sql = `select ${list} from rows where (${into.scope}\n)`
  await defineQuery(tx, { what, sql, isByRow: true })
  await tx.query(`set local statement_timeout = ${clientSqlMsMax}`)
  try {
    const result = await use(queryView)
    await tx.query('set local statement_timeout = 0')
    await dropRows(tx)
    return result
  } catch (error) {
    if (!isRefusal(error) && !isCancelled(error)) throw error
    const problem = `it cannot be told for all rows: ${problemOf(error)}`
    throw sluiceError('sql_refused', { what, problem }, { cause: error })
  }
}

/**
 * Tries the condition on no row at all.
 * @throws sql_refused, no_temporary_tables
 */
export async function checkScope(db: Db | Connection, scoped: Scoped): Promise<void> {
  if (scoped.into.scope === undefined) return
  const trial = (tx: Connection) =>
    withScope(tx, scoped, (rows) => tx.query(`select from ${rows} where false`))
  await (db instanceof pg.Pool ? transaction(db, trial, { isTrial: true }) : trial(db))
}
