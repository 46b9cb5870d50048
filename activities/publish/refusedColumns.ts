/** Which expression of a transform fails on a row. PostgreSQL does not say, so each one is tried alone. */
import { quoteIdentifier } from '../../src/domain/table.ts'
import type { RowQuery } from '../../src/postgres/clientSql/rowQuery.ts'
import { type Connection, problemOf } from '../../src/postgres/db.ts'
import { isAboutRow } from '../../src/postgres/sqlState.ts'
import type { RefusedRow } from '../../src/postgres/target/search.ts'

/** It takes a query for each column of each row. Of more rows the error is told without the column. */
const rowsMax = 1000

export async function namedRefusals(
  tx: Connection,
  query: RowQuery,
  rows: readonly RefusedRow[],
): Promise<RefusedRow[]> {
  const named: RefusedRow[] = []
  for (const [at, refused] of rows.entries()) {
    named.push(
      at < rowsMax ? { ...refused, ...(await failingOf(tx, query, refused.row)) } : refused,
    )
  }
  return named
}

/** The first column that fails, with what it is made of; none where the condition itself fails. */
async function failingOf(
  tx: Connection,
  { view, row, columns }: RowQuery,
  number: string,
): Promise<Partial<RefusedRow>> {
  const from = `from ${view} where ${row} = $1`
  const ofWhere = await problemIn(tx, `select 1 ${from}`, number)
  if (ofWhere !== null) return { error: `${ofWhere} (in the where)` }
  for (const { name, expression } of columns) {
    const problem = await problemIn(tx, `select ${quoteIdentifier(name)} ${from}`, number)
    const made = expression === null ? '' : ` (${expression})`
    if (problem !== null) return { column: name, error: `${problem}${made}` }
  }
  return {}
}

async function problemIn(tx: Connection, text: string, row: string): Promise<string | null> {
  await tx.query('savepoint one_column')
  try {
    await tx.query(text, [row])
    await tx.query('release savepoint one_column')
    return null
  } catch (error) {
    if (!isAboutRow(error)) throw error
    await tx.query('rollback to savepoint one_column; release savepoint one_column')
    return problemOf(error)
  }
}
