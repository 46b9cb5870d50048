/**
 * SQL of a client over the rows of its ingest. It becomes a temporary view, which runs nothing, and
 * PostgreSQL's own analysis of it is looked through before a row is read: see allowed.ts.
 *
 * The text is sent by the extended protocol, which takes one statement, and stands at the end of it: a
 * comment or a semicolon in it has nothing to cut off.
 */
import { quoteIdentifier, quoteTable, type TableName } from '../../domain/table.ts'
import { messageOf, type SluiceError, sluiceError } from '../../errors.ts'
import { type Connection, problemOf } from '../db.ts'
import { isOfStatement, isRefusal } from '../sqlState.ts'
import { allowsTemporary } from '../temporary.ts'
import { whyRefused } from './allowed.ts'
import { parseNodes, type Value } from './nodeTree.ts'

/** The rows of the ingest, as the SQL of a client names them. */
const rowsView = 'pg_temp.rows'
/** What the SQL of a client has become. */
export const queryView = 'pg_temp.sluice_query'

export interface ClientQuery {
  /** What it is, for people: `the check no-rows …`. */
  what: string
  /** One SELECT, as the client wrote it. */
  sql: string
  /** Each row gives one row at most, by itself. */
  isByRow: boolean
}

/** Makes the columns of a table the `rows` of the next query; `only` without tables that inherit from it. */
export async function defineRows(
  tx: Connection,
  table: TableName,
  columns: readonly string[],
  { only = false } = {},
): Promise<void> {
  if (!(await allowsTemporary(tx))) {
    const problem = 'SQL of a client needs them'
    throw sluiceError('no_temporary_tables', { problem })
  }
  const list = columns.map(quoteIdentifier).join(', ')
  await tx.query(
    `create temporary view rows as select ${list} from ${only ? 'only ' : ''}${quoteTable(table)}`,
  )
}

/**
 * Makes a view of the query.
 * @throws sql_refused
 */
export async function defineQuery(tx: Connection, query: ClientQuery): Promise<void> {
  const { what, sql, isByRow } = query
  const refuse = (problem: string, cause?: unknown) =>
    sluiceError('sql_refused', { what, problem }, { cause })
  if (sql.includes('\0')) throw refuse('it has a NUL')
  const text = `create temporary view sluice_query as\n${sql}`
  try {
    await tx.query({ text, values: [], queryMode: 'extended' } as never)
  } catch (error) {
    const isWrong = isOfStatement(error) || isRefusal(error)
    throw isWrong ? refuse(problemOf(error), error) : error
  }
  const { rows } = await tx.query<{ rows: number; tree: string }>(
    `select '${rowsView}'::regclass::oid as rows, ev_action::text as tree
     from pg_rewrite where ev_class = '${queryView}'::regclass`,
  )
  const [found] = rows
  if (!found) throw refuse('it is no SELECT')
  const problem = await whyRefused(tx, treeOf(found.tree, refuse), { rows: found.rows, isByRow })
  if (problem !== null) throw refuse(problem)
}

function treeOf(text: string, refuse: (problem: string, cause?: unknown) => SluiceError): Value {
  try {
    return parseNodes(text)
  } catch (error) {
    throw refuse(`it cannot be looked through: ${messageOf(error)}`, error)
  }
}

/** How long one query of a client may take. */
export const clientSqlMsMax = 10 * 60_000

/** Runs a query of a client: it can write nothing, and has an end. */
export async function readOnly<T>(tx: Connection, read: () => Promise<T>): Promise<T> {
  await tx.query('savepoint read_only')
  await tx.query(`set transaction read only; set local statement_timeout = ${clientSqlMsMax}`)
  const found = await read()
  // What was set ends with it.
  await tx.query('rollback to savepoint read_only; release savepoint read_only')
  return found
}

export const dropQuery = (tx: Connection) => tx.query(`drop view if exists ${queryView}`)
/** With what was made of them. */
export const dropRows = (tx: Connection) => tx.query(`drop view if exists ${rowsView} cascade`)
