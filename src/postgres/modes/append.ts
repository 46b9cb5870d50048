/** append: the rows are added to those that are there. */
import { quoteIdentifier, quoteTable, type TableName } from '../../domain/table.ts'
import type { Connection } from '../db.ts'
import { keepText, keptColumns } from '../undo/keep.ts'
import type { Filled, Filling, Judged, Mode, RowRange } from './mode.ts'

export const append: Mode = {
  lock: 'row exclusive',
  keepsRows: true,
  check: async () => {},
  isKeyed: false,
  undoKey: null,
  mayTakePlace: () => false,
  notes: async () => [],
  settle: async () => 0,
  judged: async (_, { landing }) => asLanded(landing),
  makeRoom: async () => {},
  fill: insertRows,
  fillsBy: async () => 'rows',
}

/** All rows are judged as they are. */
export const asLanded = (landing: TableName): Judged => ({
  rows: quoteTable(landing),
  also: [],
  key: null,
  staying: null,
})

/** Copies rows of the landing table into the target. */
export async function insertRows(
  tx: Connection,
  filling: Filling,
  range?: RowRange,
): Promise<Filled> {
  const { columns, target, keep } = filling
  if (columns.length === 0) return { rows: 0, changes: null }
  const where = range ? ` where ${range.row} > $1 and ${range.row} <= $2` : ''
  const insert = `${insertText(filling)}${where}`
  const values = range && [range.after, range.to]
  if (!keep) return { rows: (await tx.query(insert, values)).rowCount ?? 0, changes: null }
  const { rows } = await tx.query(
    `with done as (${insert} returning 'INSERT' as action, ${keptColumns(keep, 't', 't')})
     ${keepText(keep, quoteTable(target))}
     select count(*) as inserted from done`,
    values,
  )
  return { rows: rows[0].inserted, changes: null }
}

/** The statement for all rows, for a `where` behind it. The target is `t` in it. */
export function insertText({ landing, target, columns }: Filling): string {
  const names = columns.map(({ name }) => quoteIdentifier(name)).join(', ')
  const overriding = columns.some(({ identity }) => identity) ? 'overriding system value' : ''
  return `insert into ${quoteTable(target)} as t (${names}) ${overriding}
    select ${names} from ${quoteTable(landing)}`
}
