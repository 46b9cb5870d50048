/** append: the rows are added to those that are there. */
import { quoteIdentifier, quoteTable } from '../../domain/table.ts'
import type { Connection } from '../db.ts'
import type { Filled, Filling, Mode, RowRange } from './mode.ts'

export const append: Mode = {
  lock: 'row exclusive',
  keepsRows: true,
  check: async () => {},
  isKeyed: false,
  mayTakePlace: () => false,
  notes: async () => [],
  settle: async () => 0,
  judged: () => ({ where: null, key: null }),
  makeRoom: async () => {},
  fill: insertRows,
  fillsBy: async () => 'rows',
}

/** Copies rows of the landing table into the target. */
export async function insertRows(
  tx: Connection,
  filling: Filling,
  range?: RowRange,
): Promise<Filled> {
  if (filling.columns.length === 0) return { rows: 0, changes: null }
  const where = range ? ` where ${range.row} > $1 and ${range.row} <= $2` : ''
  const insert = `${insertText(filling)}${where}`
  const { rowCount } = await tx.query(
    filling.keep ? keepingKeys(insert, filling.keep) : insert,
    range && [range.after, range.to],
  )
  return { rows: rowCount ?? 0, changes: null }
}

/** The statement for all rows, for a `where` behind it. */
export function insertText({ landing, target, columns }: Filling): string {
  const names = columns.map(({ name }) => quoteIdentifier(name)).join(', ')
  const overriding = columns.some(({ identity }) => identity) ? 'overriding system value' : ''
  return `insert into ${quoteTable(target)} (${names}) ${overriding}
    select ${names} from ${quoteTable(landing)}`
}

/** The keys go along with the rows; the count is theirs, and so is that of the rows. */
function keepingKeys(insert: string, { table, keys }: NonNullable<Filling['keep']>): string {
  const list = keys.map(quoteIdentifier).join(', ')
  return `with written as (${insert} returning ${list})
    insert into ${quoteTable(table)} (${list}) select ${list} from written`
}
