/** Finds the triggers or rules that dropped rows which a table took without an error. */
import { type SluiceError, sluiceError } from '../../errors.ts'
import type { Connection } from '../db.ts'

/**
 * A trigger before the insert that returns NULL leaves a row out, and so does a rule in place of
 * it; PostgreSQL counts fewer rows then, and says no more.
 * @param table as SQL names it
 * @returns target_refused with their names; count_mismatch when the table has neither
 */
export async function whyLost(
  tx: Connection,
  table: string,
  { sent, arrived }: { sent: number; arrived: number },
): Promise<SluiceError> {
  const { rows } = await tx.query<{ name: string; shown: string }>(leavesOut, [table])
  const names = rows.map(({ name }) => name)
  if (arrived >= sent || names.length === 0) {
    const problem = `${arrived} of ${sent} rows arrived in ${table}`
    return sluiceError('count_mismatch', { problem })
  }
  const who = names.length > 1 ? `one of ${names.join(', ')}` : names[0]
  const lost = sent - arrived
  const problem = `${who} left out ${lost} ${lost === 1 ? 'row' : 'rows'} of ${sent}`
  return sluiceError('target_refused', { table: rows[0]?.shown ?? table, problem })
}

/** Whether the table has a trigger that may leave rows out, whatever is done to them. */
export async function dropsRows(tx: Connection, table: string): Promise<boolean> {
  const { rows } = await tx.query<{ drops: boolean }>(
    `select exists (
       select from pg_trigger t
       where t.tgrelid in (select $1::regclass union select relid from pg_partition_tree($1::regclass))
         and ${mayLeaveOut}
     ) as drops`,
    [table],
  )
  return rows[0]?.drops ?? false
}

// tgtype: 1 for each row, 2 before.
const mayLeaveOut = `not t.tgisinternal and t.tgenabled in ('O', 'A') and t.tgtype::int & 3 = 3`

// A trigger of a partitioned table is one of each of
// its partitions too, which may have more.
const leavesOut = `
  with tables as (
    select $1::regclass as oid union select relid from pg_partition_tree($1::regclass)
  )
  select distinct 'the trigger ' || quote_ident(t.tgname) as name, $1::regclass::text as shown
  from pg_trigger t join tables on tables.oid = t.tgrelid
  where ${mayLeaveOut}
  union all
  select 'the rule ' || quote_ident(r.rulename), $1::regclass::text
  from pg_rewrite r
  where r.ev_class = $1::regclass and r.ev_type = '3' and r.is_instead
    and r.ev_enabled in ('O', 'A')
  order by name`
