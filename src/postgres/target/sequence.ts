/** A key that was there already because the sequence that numbers it is behind the rows. */
import { type SluiceError, sluiceError } from '../../errors.ts'
import type { Connection } from '../db.ts'

/**
 * @param table as SQL names it
 * @param options.constraint the unique index that a row broke, of the table or a partition
 * @param options.filled columns that the rows bring values for
 * @returns sequence_behind; null when no sequence has numbered the key
 */
export async function sequenceBehind(
  tx: Connection,
  table: string,
  {
    constraint,
    filled,
    problem,
  }: { constraint: string; filled: readonly string[]; problem: string },
): Promise<SluiceError | null> {
  const { rows } = await tx.query<Record<'shown' | 'column' | 'sequence' | 'setval', string>>(
    numberedBy,
    [table, constraint, filled],
  )
  const found = rows[0]
  if (!found) return null
  const { shown, column, sequence, setval } = found
  return sluiceError('sequence_behind', { table: shown, column, sequence, setval, problem })
}

/** SQLSTATE of a key that is there already. */
const uniqueViolation = '23505'

/**
 * Keys that a sequence has given are no fault of the rows.
 * @throws sequence_behind
 */
export async function mustNotBeNumbered(
  tx: Connection,
  table: string,
  { refused, filled }: { refused: readonly Refused[]; filled: readonly string[] },
): Promise<void> {
  const taken = refused.find(({ code }) => code === uniqueViolation)
  if (!taken?.constraint) return
  const { constraint, error: problem } = taken
  const behind = await sequenceBehind(tx, table, { constraint, filled, problem })
  if (behind) throw behind
}

interface Refused {
  code: string
  constraint?: string | null
  error: string
}

// The columns of a partition have the names of the table's; the sequence belongs to the table.
const numberedBy = `
  with tables as (
    select $1::text::regclass as oid union select relid from pg_partition_tree($1::text::regclass)
  ), keys as (
    select distinct a.attname
    from tables
    join pg_index i on i.indrelid = tables.oid and i.indisunique
    join pg_class ic on ic.oid = i.indexrelid and ic.relname = $2
    join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any (i.indkey)
    where a.attname <> all ($3)
  ), numbered as (
    select a.attname as name,
           coalesce(pg_get_serial_sequence($1::text, a.attname)::regclass, (
             select s.oid::regclass from pg_attrdef d
             join pg_depend p on p.classid = 'pg_attrdef'::regclass and p.objid = d.oid
               and p.refclassid = 'pg_class'::regclass
             join pg_class s on s.oid = p.refobjid and s.relkind = 'S'
             where d.adrelid = a.attrelid and d.adnum = a.attnum
             limit 1
           )) as sequence
    from keys
    join pg_attribute a on a.attrelid = $1::text::regclass and a.attname = keys.attname
  )
  select $1::text::regclass::text as shown, name as column, sequence::text as sequence,
         format('select setval(%L, (select max(%I) from %s))', sequence::text, name,
                $1::text::regclass::text) as setval
  from numbered where sequence is not null
  limit 1`
