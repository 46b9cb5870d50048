/** Landing becomes target. Everything here runs in the transaction that marks the ingest published. */
import { quoteIdentifier, quoteTable, type TableName } from '../../domain/table.ts'
import type { Connection } from '../db.ts'
import { dropTable, endLanding } from './landing.ts'
import type { TargetTable } from './target.ts'

/** The landing table takes the name of a target that does not exist. No row is written again. */
export async function renameIntoPlace(
  tx: Connection,
  landing: TableName,
  target: TableName,
): Promise<void> {
  await endLanding(tx, landing)
  await tx.query(`alter table ${quoteTable(landing)} rename to ${quoteIdentifier(target.name)}`)
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

/** Empties the target for `replace` where it cannot be swapped. */
export async function truncate(tx: Connection, target: TableName): Promise<void> {
  await tx.query(`truncate ${quoteTable(target)}`)
}
