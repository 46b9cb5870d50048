/** Sampled types that widen: PostgreSQL judges the values, and rewrites the table once. */
import type { Column } from '../../domain/columns.ts'
import { quoteIdentifier } from '../../domain/table.ts'
import type { Connection } from '../db.ts'
import { isUnalterable } from '../sqlState.ts'

/** Rejects of the ingest that a wider type may take; none as long as a unit has no receipt. */
export async function countToReload(tx: Connection, ingestId: string): Promise<number> {
  const { rows } = await tx.query(
    `select case when bool_and(loaded_at is not null) then sum(rows_to_reload)::bigint else 0 end
            as rows
     from sluice.units where ingest_id = $1`,
    [ingestId],
  )
  return rows[0].rows ?? 0
}

/** Nothing is to be loaded again any more. */
export async function clearToReload(tx: Connection, ingestId: string): Promise<void> {
  await tx.query(
    'update sluice.units set rows_to_reload = 0 where ingest_id = $1 and rows_to_reload > 0',
    [ingestId],
  )
}

/** Columns whose type in the table is still what the ledger says it is. */
export async function asRecorded(
  tx: Connection,
  table: string,
  columns: readonly Column[],
): Promise<Set<string>> {
  const { rows } = await tx.query(
    `select a.attname as name
     from pg_attribute a join unnest($2::text[], $3::text[]) as c (name, type) on a.attname = c.name
     where a.attrelid = to_regclass($1) and a.attnum > 0 and a.atttypid = to_regtype(c.type)`,
    [table, columns.map(({ name }) => name), columns.map(({ type }) => type)],
  )
  return new Set(rows.map(({ name }) => name))
}

/**
 * Gives columns their wider types, all in one rewrite of the table.
 * @returns false when something of the table's owner hangs on them, like a view
 */
export async function alterTypes(
  tx: Connection,
  table: string,
  columns: readonly Column[],
): Promise<boolean> {
  // As text, dates look like ISO and numbers have all their digits, whatever the server prefers.
  await tx.query('set local datestyle to iso; set local extra_float_digits to 1')
  const changes = columns.map(({ name, type }) => {
    const column = quoteIdentifier(name)
    return `alter column ${column} type ${type} using ${column}::${type}`
  })
  await tx.query('savepoint alter_types')
  try {
    await tx.query(`alter table ${table} ${changes.join(', ')}`)
    await tx.query('release savepoint alter_types')
    return true
  } catch (error) {
    // Used by a view or a generated column; not ours any more.
    if (!isUnalterable(error)) throw error
    await tx.query('rollback to savepoint alter_types')
    return false
  }
}
