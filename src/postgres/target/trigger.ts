/** Which trigger of a table an error comes from. */
import pg from 'pg'
import type { Connection } from '../db.ts'

/**
 * PostgreSQL names the function that raised it. A function may be that of several triggers.
 * @param table as SQL names it
 * @returns `trigger no_negative`; null when it comes from no trigger for sure
 */
export async function triggerOf(
  tx: Connection,
  table: string,
  error: unknown,
): Promise<string | null> {
  const where = error instanceof pg.DatabaseError ? (error.where ?? '') : ''
  if (where === '') return null
  const { rows } = await tx.query<{ name: string }>(triggersIn, [table, where])
  return rows.length === 1 ? `trigger ${rows[0]?.name}` : null
}

export const withTrigger = (problem: string, trigger: string | null): string =>
  trigger ? `${problem} (${trigger})` : problem

// tgtype: 4 insert. A trigger of a partitioned table is one of each of its partitions, too.
const triggersIn = `
  with tables as (
    select $1::regclass as oid union select relid from pg_partition_tree($1::regclass)
  )
  select distinct quote_ident(t.tgname) as name
  from pg_trigger t join tables on tables.oid = t.tgrelid join pg_proc p on p.oid = t.tgfoid
  where not t.tgisinternal and t.tgenabled in ('O', 'A') and t.tgtype::int & 4 = 4
    and position(p.oid::regproc::text || '(' in $2) > 0
  order by name`
