/** The landing table of an ingest. It lives beside the target, to get the same default rights. */
import { createHash } from 'node:crypto'
import type { Column } from '../domain/columns.ts'
import { quoteIdentifier, quoteTable, type TableName } from '../domain/table.ts'
import type { Connection } from './db.ts'
import type { TargetTable } from './target.ts'

/** Short, and safe in a name, for an id of any length. */
export const ingestHash = (ingestId: string): string =>
  createHash('sha256').update(ingestId).digest('hex').slice(0, 16)

export const landingName = (ingestId: string, target: TableName): TableName => ({
  schema: target.schema,
  name: `sluice_landing_${ingestHash(ingestId)}`,
})

/** A new table of the given columns. */
export async function createTable(
  tx: Connection,
  table: TableName,
  columns: readonly Column[],
): Promise<void> {
  const list = columns.map(({ name, type }) => `${quoteIdentifier(name)} ${type}`)
  await tx.query(`create table ${quoteTable(table)} (${list.join(', ')})`)
}

/**
 * A landing table for an existing target: the same types, defaults and NOT NULLs, no other
 * constraint and no index, and only the columns that are filled.
 */
export async function createLike(
  tx: Connection,
  table: TableName,
  columns: TargetTable['columns'],
): Promise<void> {
  const list = columns.map((column) =>
    [
      quoteIdentifier(column.name),
      column.type,
      column.collation ? `collate ${column.collation}` : '',
      column.default ? `default ${column.default}` : '',
      column.notNull ? 'not null' : '',
    ].join(' '),
  )
  await tx.query(`create table ${quoteTable(table)} (${list.join(', ')})`)
}

export async function dropTable(tx: Connection, table: TableName): Promise<void> {
  await tx.query(`drop table if exists ${quoteTable(table)}`)
}
