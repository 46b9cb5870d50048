/** What the statements of the judge have in common. */
import type { TableName } from '../../domain/table.ts'
import type { Connection } from '../db.ts'
import { literal } from '../literal.ts'
import { isOfStatement } from '../sqlState.ts'

/** What a statement of the judge is made from. */
export interface Case {
  tx: Connection
  target: TableName
  /** As SQL: the table whose rows are there already; null when they are about to go. */
  there: string | null
  /** As SQL: the rows that are judged, as the target would have them. */
  rows: string
  /** As SQL: the column that numbers them. */
  row: string
  /** The columns by which a row finds its own row in the target; empty when it has none there. */
  key: readonly string[]
}

/** A statement that cannot be made marks nothing, and breaks nothing. */
export async function attempt(
  tx: Connection,
  statement: () => Promise<{ rowCount: number | null }>,
): Promise<number> {
  await tx.query('savepoint attempt')
  try {
    const { rowCount } = await statement()
    await tx.query('release savepoint attempt')
    return rowCount ?? 0
  } catch (error) {
    if (!isOfStatement(error)) throw error
    await tx.query('rollback to savepoint attempt')
    return 0
  }
}

const valueChars = 200

/** `Key (a, b)=(1, x)`, as SQL. */
export const keyText = (names: string, values: readonly string[]): string => {
  const shown = values.map((value) => `coalesce(left(${value}::text, ${valueChars}), 'null')`)
  return `${literal(`Key (${names})=(`)} || ${shown.join(` || ', ' || `)} || ')'`
}
