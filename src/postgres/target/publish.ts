/** Landing becomes target. Everything here runs in the transaction that marks the ingest published. */
import { quoteIdentifier, quoteTable, showTable, type TableName } from '../../domain/table.ts'
import { sluiceError } from '../../errors.ts'
import type { Connection } from '../db.ts'
import { isOfTakenName } from '../sqlState.ts'
import { dropTable, endLanding } from './landing.ts'

/** The landing table takes the name of a target that does not exist. No row is written again. */
export async function renameIntoPlace(
  tx: Connection,
  landing: TableName,
  target: TableName,
): Promise<void> {
  try {
    await tx.query(`
      ${endLanding(landing)};
      alter table ${quoteTable(landing)} rename to ${quoteIdentifier(target.name)}`)
  } catch (error) {
    if (!isOfTakenName(error)) throw error
    // The next attempt finds it, and judges it.
    const problem = `${showTable(target)} was made while it was published`
    throw sluiceError('too_busy', { problem }, { cause: error })
  }
}

/** The landing table takes the place of the target. */
export async function swap(tx: Connection, landing: TableName, target: TableName): Promise<void> {
  await dropTable(tx, target)
  await renameIntoPlace(tx, landing, target)
}
