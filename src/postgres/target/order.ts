/** The order in which several tables are published. */
import { quoteTable, type TableName } from '../../domain/table.ts'
import type { Connection } from '../db.ts'

/**
 * A table comes behind those that its foreign keys refer to: their new rows are there when its own ask for
 * them. Tables that refer to each other, and all others, are in the order of their names.
 * @returns their places in the list
 */
export async function publishOrder(
  tx: Connection,
  tables: readonly TableName[],
): Promise<number[]> {
  const names = tables.map(quoteTable)
  const { rows } = await tx.query<{ from: number; to: number }>(
    `select distinct f.no::int - 1 as "from", t.no::int - 1 as "to"
     from unnest($1::text[]) with ordinality f (name, no)
     join pg_constraint c on c.contype = 'f' and c.conrelid = to_regclass(f.name)
     join unnest($1::text[]) with ordinality t (name, no) on c.confrelid = to_regclass(t.name)
     where f.no <> t.no`,
    [names],
  )
  const left = names.map((_, at) => at).sort(byName(names))
  const order: number[] = []
  while (left.length > 0) {
    const isFree = (at: number) => !rows.some(({ from, to }) => from === at && left.includes(to))
    const next = left.find(isFree) ?? (left[0] as number)
    left.splice(left.indexOf(next), 1)
    order.push(next)
  }
  return order
}

const byName = (names: readonly string[]) => (a: number, b: number) =>
  (names[a] as string) < (names[b] as string) ? -1 : 1
