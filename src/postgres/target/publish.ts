/** Landing becomes target. Everything here runs in the transaction that marks the ingest published. */
import { quoteIdentifier, quoteTable, showTable, type TableName } from '../../domain/table.ts'
import { sluiceError } from '../../errors.ts'
import type { Connection } from '../db.ts'
import { isOfTakenName } from '../sqlState.ts'
import { dropTable, endLanding } from './landing.ts'
import type { TargetTable } from './target.ts'

/** The landing table takes the name of a target that does not exist. No row is written again. */
export async function renameIntoPlace(
  tx: Connection,
  landing: TableName,
  target: TableName,
): Promise<void> {
  await endLanding(tx, landing)
  try {
    await tx.query(`alter table ${quoteTable(landing)} rename to ${quoteIdentifier(target.name)}`)
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

/**
 * Copies the rows of the landing table into the target.
 * @returns how many
 */
export async function insertAll(
  tx: Connection,
  landing: TableName,
  target: TableName,
  columns: TargetTable['columns'],
): Promise<number> {
  const names = columns.map(({ name }) => quoteIdentifier(name)).join(', ')
  const overriding = columns.some(({ identity }) => identity) ? 'overriding system value' : ''
  const { rowCount } = await tx.query(
    `insert into ${quoteTable(target)} (${names}) ${overriding}
     select ${names} from ${quoteTable(landing)}`,
  )
  return rowCount ?? 0
}

/**
 * Empties the target for `replace` where it cannot be swapped: its own rows, which for a partitioned
 * table are those of its partitions. Tables that inherit from it keep theirs.
 */
export async function truncate(
  tx: Connection,
  target: TableName,
  { partitioned }: Pick<TargetTable, 'partitioned'>,
): Promise<void> {
  await tx.query(`truncate ${partitioned ? '' : 'only '}${quoteTable(target)}`)
}
