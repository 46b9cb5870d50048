/** Rows of other tables must not go, or change, because those of an ingest do. */
import { quoteIdentifier, quoteTable, showTable, type TableName } from '../../domain/table.ts'
import type { Connection } from '../db.ts'
import { impossible, type UndoEntry } from './entry.ts'

interface ForeignKey {
  name: string
  /** The table that refers, as SQL names it. */
  child: string
  isItself: boolean
  /** Whether it acts when a row is deleted, and when one is updated. */
  actsOnDelete: boolean
  actsOnUpdate: boolean
  /** The columns of the child, and those that they refer to. */
  from: string[]
  to: string[]
}

/** Rows of the target that an undo deletes or updates, as conditions in SQL. */
export interface Going {
  /** @param row the alias of one */
  goes(row: string): string
  /**
   * Whether it gets other values in these columns; absent if no row is updated.
   * @param columns quoted names
   */
  changes?(row: string, columns: readonly string[]): string
  /** Parameters of both. */
  values: unknown[]
}

/**
 * Looks for rows that foreign keys would delete, or set to NULL or a default, along with the rows of the
 * ingest. Keys that do nothing of that kind refuse by themselves, and a row that refers to one whose value
 * changes may follow it (`on update cascade`), as it did when the ingest changed it.
 * @throws undo_impossible
 */
export async function mustNotCascade(
  tx: Connection,
  ingestId: string,
  { target, entry, going }: { target: TableName; entry: UndoEntry; going: Going },
): Promise<void> {
  const { rows } = await tx.query<ForeignKey>(
    `select f.conname as name, f.conrelid::regclass::text as child,
            f.conrelid = f.confrelid as "isItself",
            f.confdeltype in ('c', 'n', 'd') as "actsOnDelete",
            f.confupdtype in ('n', 'd') as "actsOnUpdate",
            (select array_agg(attname::text order by at) from unnest(f.conkey) with ordinality as k (no, at)
             join pg_attribute on attrelid = f.conrelid and attnum = no) as "from",
            (select array_agg(attname::text order by at) from unnest(f.confkey) with ordinality as k (no, at)
             join pg_attribute on attrelid = f.confrelid and attnum = no) as "to"
     from pg_constraint f
     where f.confrelid = $1 and f.contype = 'f' and f.conparentid = 0
       and (f.confdeltype in ('c', 'n', 'd') or f.confupdtype in ('n', 'd'))`,
    [entry.targetOid],
  )
  for (const key of rows) {
    if (!(await refers(tx, target, { key, going }))) continue
    const { name, child } = key
    const problem = `rows of ${child} refer to its rows by ${name}, and would go or change with them`
    throw impossible(ingestId, showTable(target), problem)
  }
}

/** Whether a row refers to one that goes or changes, and would not go by itself. */
async function refers(
  tx: Connection,
  target: TableName,
  { key, going }: { key: ForeignKey; going: Going },
): Promise<boolean> {
  const { child, isItself, actsOnDelete, actsOnUpdate, from } = key
  const to = key.to.map(quoteIdentifier)
  const pairs = from.map((column, at) => `c.${quoteIdentifier(column)} = t.${to[at]}`)
  const acts = [
    ...(actsOnDelete ? [going.goes('t')] : []),
    ...(actsOnUpdate && going.changes ? [going.changes('t', to)] : []),
  ]
  if (acts.length === 0) return false
  const others = isItself ? `and not (${going.goes('c')})` : ''
  const { rows } = await tx.query(
    `select exists (select from ${child} c join ${quoteTable(target)} t on ${pairs.join(' and ')}
                    where (${acts.map((act) => `(${act})`).join(' or ')}) ${others}) as refers`,
    going.values,
  )
  return rows[0].refers
}
