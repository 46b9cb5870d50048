/** append: the rows are added to those that are there. */
import { quoteIdentifier, quoteTable } from '../../domain/table.ts'
import type { Connection } from '../db.ts'
import type { Filling, Mode } from './mode.ts'

export const append: Mode = {
  lock: 'row exclusive',
  keepsRows: true,
  check: async () => {},
  mayTakePlace: () => false,
  fill: insertAll,
}

/**
 * Copies the rows of the landing table into the target.
 * @returns how many
 */
export async function insertAll(
  tx: Connection,
  { landing, target, columns }: Filling,
): Promise<number> {
  if (columns.length === 0) return 0
  const names = columns.map(({ name }) => quoteIdentifier(name)).join(', ')
  const overriding = columns.some(({ identity }) => identity) ? 'overriding system value' : ''
  const { rowCount } = await tx.query(
    `insert into ${quoteTable(target)} (${names}) ${overriding}
     select ${names} from ${quoteTable(landing)}`,
  )
  return rowCount ?? 0
}
