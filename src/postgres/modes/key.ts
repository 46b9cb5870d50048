/** The key of a mode: what the target must have for it. */
import { quoteIdentifier, quoteTable, sameIn, showTable } from '../../domain/table.ts'
import { sluiceError } from '../../errors.ts'
import { columnsNeeded, type ModeSpec, markerOf } from '../../spec/modes.ts'
import type { Connection, Db } from '../db.ts'
import { literal } from '../literal.ts'
import type { Candidate } from './mode.ts'

export const keyOf = ({ key }: ModeSpec): readonly string[] => key ?? []

/** As SQL: whether two rows have the same key. */
export const sameKey = (into: ModeSpec, one: string, other: string): string =>
  sameIn(keyOf(into), one, other)

/** As SQL: whether a row of the landing table marks one to delete; null when none does. */
export function markedToDelete(into: ModeSpec, row: string): string | null {
  const marker = markerOf(into)
  if (marker === null) return null
  const column = `${row}.${quoteIdentifier(marker.column)}`
  return marker.value === null
    ? `coalesce(${column}::text::boolean, false)`
    : `coalesce(${column}::text = ${literal(marker.value)}, false)`
}

interface Needs {
  into: ModeSpec
  rights: readonly ('select' | 'update' | 'delete')[]
}

/** @throws target_not_writable, mode_column_missing, key_not_unique, target_cascades */
export async function checkKey(
  db: Db | Connection,
  candidate: Candidate,
  needs: Needs,
): Promise<void> {
  const { isUnique } = await checkColumns(db, candidate, needs)
  if (isUnique) return
  const { table } = candidate
  const list = keyOf(needs.into).map(quoteIdentifier).join(', ')
  const sql = `create unique index on ${quoteTable(table)} (${list})`
  throw sluiceError('key_not_unique', { table: showTable(table), columns: list, sql })
}

/**
 * @returns whether an index makes the key unique
 * @throws target_not_writable, mode_column_missing, target_cascades
 */
export async function checkColumns(
  db: Db | Connection,
  { oid, table, role }: Candidate,
  { into, rights }: Needs,
): Promise<{ isUnique: boolean }> {
  const shown = showTable(table)
  const marker = markerOf(into)?.column
  const needed = columnsNeeded(into).filter(({ column }) => column !== marker)
  const { rows } = await db.query(checks, [
    oid,
    keyOf(into),
    needed.map(({ column }) => column),
    rights,
  ])
  const { columns, lacking, missing, isUnique, rule } = rows[0]
  const refuse = (problem: string) => sluiceError('target_not_writable', { table: shown, problem })
  if (lacking) throw refuse(`${role} has no ${lacking} right on it, and the mode is ${into.mode}`)
  if (rule) throw refuse(`it has the rule ${rule}, and the mode is ${into.mode}`)
  if (missing !== null) {
    const { option = '' } = needed.find(({ column }) => column === missing) ?? {}
    throw sluiceError('mode_column_missing', {
      what: `The table ${shown}`,
      column: missing,
      option,
      columns,
    })
  }
  if (into.undo) await mustBringBack(db, { oid, shown, rights })
  return { isUnique }
}

/** @throws target_cascades: rows of other tables that go or change along are not kept for an undo */
async function mustBringBack(
  db: Db | Connection,
  { oid, shown, rights }: Pick<Needs, 'rights'> & { oid: number; shown: string },
): Promise<void> {
  const { rows } = await db.query(
    `select format('%I of %s', conname, conrelid::regclass) as key from pg_constraint
     where confrelid = $1 and contype = 'f' and conparentid = 0
       and ('delete' = any($2) and confdeltype in ('c', 'n', 'd')
            or 'update' = any($2) and confupdtype in ('n', 'd'))
     order by 1 limit 1`,
    [oid, rights],
  )
  if (rows[0]) throw sluiceError('target_cascades', { table: shown, key: rows[0].key })
}

/** Whether a table has a unique index on just these columns, which is neither partial nor deferrable. */
export async function hasUniqueKey(
  db: Db | Connection,
  oid: number,
  key: readonly string[],
): Promise<boolean> {
  const { rows } = await db.query(`select ${isUnique} as "isUnique"`, [oid, key])
  return rows[0].isUnique
}

/** As SQL: `$1` is the table, `$2` has the columns. */
const isUnique = `exists (
  select from pg_index i
  where i.indrelid = $1 and i.indisunique and i.indisvalid and i.indisready
    and i.indimmediate and i.indpred is null and i.indnkeyatts = cardinality($2::text[])
    and (select array_agg(a.attname::text order by a.attname)
         from unnest(i.indkey::int2[]) with ordinality part (no, at)
         join pg_attribute a on a.attrelid = i.indrelid and a.attnum = part.no
         where at <= i.indnkeyatts)
      = (select array_agg(name order by name collate "C") from unnest($2::text[]) name)
)`

const checks = `
  select (select string_agg(attname, ', ' order by attnum) from pg_attribute
          where attrelid = $1 and attnum > 0 and not attisdropped) as columns,
         (select needed from unnest($4::text[]) needed
          where not has_table_privilege($1::oid, needed) limit 1) as lacking,
         (select rulename from pg_rewrite where ev_class = $1 and ev_type <> '1' limit 1) as rule,
         (select name from unnest($3::text[]) with ordinality needed (name, at)
          where name not in (select attname from pg_attribute
                             where attrelid = $1 and attnum > 0 and not attisdropped)
          order by at limit 1) as missing,
         ${isUnique} as "isUnique"`
