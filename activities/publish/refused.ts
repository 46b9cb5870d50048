/** Why a target does not take the rows, for people. */
import { quoteTable, showTable, type TableName } from '../../src/domain/table.ts'
import { type SluiceError, sluiceError } from '../../src/errors.ts'
import { type Connection, constraintOf, problemOf } from '../../src/postgres/db.ts'
import { isOfConstraint } from '../../src/postgres/sqlState.ts'
import { sequenceBehind } from '../../src/postgres/target/sequence.ts'

/** A type of the target, or a constraint that the rows do not meet and that was not found out. */
export function refused(target: TableName, error: unknown): SluiceError {
  const notJudged = isOfConstraint(error) ? '; Sluice cannot judge this row by row' : ''
  const problem = `${problemOf(error)}${notJudged}`
  return sluiceError('target_refused', { table: showTable(target), problem }, { cause: error })
}

/**
 * The same, for a statement that was rolled back: the catalog can be asked.
 * @param filled the columns that the rows bring values for
 */
export async function refusedRows(
  tx: Connection,
  { target, filled }: { target: TableName; filled: readonly string[] },
  error: unknown,
): Promise<SluiceError> {
  const constraint = constraintOf(error)
  const problem = problemOf(error)
  const why = constraint && { constraint, filled, problem }
  return (why && (await sequenceBehind(tx, quoteTable(target), why))) || refused(target, error)
}
