/** Rows of other tables must not go, or change, because those of an ingest do. */
import { quoteIdentifier, showTable, type TableName } from '../../domain/table.ts'
import type { Connection } from '../db.ts'
import { impossible, type UndoEntry } from './survey.ts'
import { isOurs } from './written.ts'

interface ForeignKey {
  name: string
  /** The table that refers, as SQL names it. */
  child: string
  isItself: boolean
  /** The columns of the child, and those that they refer to. */
  from: string[]
  to: string[]
}

/**
 * Looks for rows that foreign keys would delete, or set to NULL or a default, along with the rows of the
 * ingest. Keys that do nothing of that kind refuse by themselves.
 * @throws undo_impossible
 */
export async function mustNotCascade(
  tx: Connection,
  ingestId: string,
  { target, entry }: { target: TableName; entry: UndoEntry },
): Promise<void> {
  const { rows } = await tx.query<ForeignKey>(
    `select f.conname as name, f.conrelid::regclass::text as child,
            f.conrelid = f.confrelid as "isItself",
            (select array_agg(attname::text order by at) from unnest(f.conkey) with ordinality as k (no, at)
             join pg_attribute on attrelid = f.conrelid and attnum = no) as "from",
            (select array_agg(attname::text order by at) from unnest(f.confkey) with ordinality as k (no, at)
             join pg_attribute on attrelid = f.confrelid and attnum = no) as "to"
     from pg_constraint f
     where f.confrelid = $1 and f.contype = 'f' and f.conparentid = 0
       and f.confdeltype in ('c', 'n', 'd')`,
    [entry.targetOid],
  )
  const parent = `${quoteIdentifier(target.schema)}.${quoteIdentifier(target.name)}`
  for (const { name, child, isItself, from, to } of rows) {
    const pairs = from.map(
      (column, at) => `c.${quoteIdentifier(column)} = t.${quoteIdentifier(to[at] as string)}`,
    )
    const others = isItself ? `and not ${isOurs('c')}` : ''
    const { rows: found } = await tx.query(
      `select exists (select from ${child} c join ${parent} t on ${pairs.join(' and ')}
                      where ${isOurs('t')} ${others}) as refers`,
      [entry.xids],
    )
    if (!found[0].refers) continue
    const problem = `rows of ${child} refer to its rows by ${name}, and would go or change with them`
    throw impossible(ingestId, showTable(target), problem)
  }
}
