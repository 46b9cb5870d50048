/** Is the target still what the plan relied on? Under a lock, so that it stays so. */
import type { Column } from '../../domain/columns.ts'
import { type Relied, whatChanged } from '../../domain/relied.ts'
import { quoteTable, showTable, type TableName } from '../../domain/table.ts'
import { sluiceError } from '../../errors.ts'
import type { Connection } from '../db.ts'
import { type ModeName, modes } from '../modes/index.ts'
import { isOfMissingTable, isRefusal } from '../sqlState.ts'

/** The constraints that are NOT VALID, of all domains that the type of a column is made of. */
const unvalidatedSql = `
  with recursive part (oid) as (
    select a.atttypid
    union
    select inside.oid from part join pg_type t on t.oid = part.oid
    cross join lateral (
      values (t.typbasetype), (t.typelem)
      union all select atttypid from pg_attribute where attrelid = t.typrelid and attnum > 0
    ) as inside (oid)
    where inside.oid <> 0
  )
  select json_agg(pg_get_constraintdef(k.oid) order by k.oid)
  from part join pg_constraint k on k.contypid = part.oid where not k.convalidated`

/** @returns null when there is no table of that name */
export async function readRelied(
  tx: Connection,
  { schema, name }: TableName,
): Promise<Relied | null> {
  const { rows } = await tx.query<Relied>(
    `select c.oid::int8 as oid, c.relkind as kind,
            has_table_privilege(c.oid, 'insert') as "mayInsert", coalesce((
       select json_agg(json_build_object(
         'no', a.attnum, 'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod),
         'notNull', a.attnotnull, 'generated', a.attgenerated <> '',
         'identity', a.attidentity <> '', 'expression', pg_get_expr(d.adbin, d.adrelid),
         'unvalidated', (${unvalidatedSql})
       ) order by a.attnum)
       from pg_attribute a
       left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
       where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     ), '[]') as columns
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = $1 and c.relname = $2`,
    [schema, name],
  )
  return rows[0] ?? null
}

/**
 * Keeps other sessions from altering or dropping the target until the commit; they may still write
 * to it, unless it is to be replaced.
 * @returns null when it is locked, else why PostgreSQL refused; the transaction can go on
 */
export async function lockTarget(
  tx: Connection,
  table: TableName,
  mode: ModeName,
): Promise<unknown> {
  const { lock } = modes[mode]
  try {
    // A table that is dropped while we wait for it is no table.
    await tx.query(`
      savepoint lock_target;
      lock table only ${quoteTable(table)} in ${lock} mode;
      release savepoint lock_target`)
    return null
  } catch (error) {
    if (!isRefusal(error) && !isOfMissingTable(error)) throw error
    await tx.query('rollback to savepoint lock_target')
    return error
  }
}

export interface Planned {
  ingestId: string
  table: TableName
  /** Null when the table did not exist when the plan was made. */
  relied: Relied | null
  /** The columns of the landing table. */
  columns: readonly Column[]
  /** Those that the mode fills itself; none if absent. */
  kept?: readonly string[]
}

/** @throws target_changed */
export async function mustBeAsPlanned(tx: Connection, planned: Planned): Promise<void> {
  const { table, relied, columns, kept = [] } = planned
  const now = await readRelied(tx, table)
  const replaced = relied !== null && now !== null && (await isReplaced(tx, table, now.oid))
  const problem = now
    ? whatChanged(relied, now, { filled: columns, replaced, kept })
    : 'it does not exist any more'
  if (problem !== null) throw targetChanged(planned, problem)
}

export const targetChanged = (
  { ingestId, table }: Pick<Planned, 'ingestId' | 'table'>,
  problem: string,
  cause?: unknown,
) => sluiceError('target_changed', { ingestId, table: showTable(table), problem }, { cause })

/** Did an ingest put the table there, in the place of the one before? */
async function isReplaced(tx: Connection, table: TableName, oid: number): Promise<boolean> {
  const { rowCount } = await tx.query(
    `select from sluice.ingests where target = $1 and (relied ->> 'replacedBy')::int8 = $2 limit 1`,
    [showTable(table), oid],
  )
  return rowCount === 1
}

/**
 * Rows that an ingest has put straight into its target, and that another one has replaced since.
 * @returns how many, and the last ingest that did it; null for none
 */
export async function replacedSince(
  tx: Connection,
  { ingestId, table }: Pick<Planned, 'ingestId' | 'table'>,
): Promise<{ by: string; rows: number } | null> {
  const { rows } = await tx.query<{ by: string; rows: number }>(
    `select r.ingest_id as by,
            (select sum(rows_loaded)::bigint from sluice.units
             where ingest_id = $1 and rows_loaded > 0 and turn < r.turn) as rows
     from sluice.ingests r where r.target = $2 and r.turn is not null
     order by r.turn desc limit 1`,
    [ingestId, showTable(table)],
  )
  const last = rows[0]
  return last?.rows ? last : null
}

/** Records that a table was replaced: ingests planned for the old one may go on with the new. */
export async function recordReplaced(
  tx: Connection,
  ingestId: string,
  { schema, name }: TableName,
): Promise<void> {
  await tx.query(
    `update sluice.ingests set relied = coalesce(relied, '{}') || jsonb_build_object('replacedBy', (
       select c.oid::int8 from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where n.nspname = $2 and c.relname = $3
     ))
     where ingest_id = $1`,
    [ingestId, schema, name],
  )
}
