/** The landing table of an ingest. It lives beside the target, to get the same default rights. */

import pg from 'pg'
import type { Column } from '../../domain/columns.ts'
import { quoteIdentifier, quoteTable, type TableName } from '../../domain/table.ts'
import type { Connection } from '../db.ts'
import { rowColumn } from '../names.ts'
import type { TargetTable } from './targetTable.ts'

/**
 * Autovacuum has nothing to do in a landing table, and would hold up its publish: it lets go of a
 * table only after the other has waited for `deadlock_timeout`, a second.
 */
const unvacuumed = ['autovacuum_enabled', 'toast.autovacuum_enabled']
const isLanding = `with (${unvacuumed.map((name) => `${name} = off`).join(', ')})`

/**
 * A new table of the given columns: the target itself, or a landing table that will become it, in
 * the place of one that an earlier attempt has made.
 */
export async function createTable(
  tx: Connection,
  table: TableName,
  columns: readonly Column[],
  { landing }: { landing: boolean },
): Promise<void> {
  const list = columns.map(({ name, type }) => `${quoteIdentifier(name)} ${type}`)
  const make = `create table ${quoteTable(table)} (${list.join(', ')})`
  await tx.query(landing ? `${dropText(table)}; ${make} ${isLanding}` : make)
}

/** Statements, for before it gets the name of a target. One that has a log keeps it as it is. */
export const endLanding = (table: TableName): string => `
  alter table ${quoteTable(table)} reset (${unvacuumed.join(', ')});
  alter table ${quoteTable(table)} set logged`

/**
 * A landing table for an existing target: the same types, defaults and NOT NULLs, no other
 * constraint and no index, and only the columns that are filled.
 * @param options `traced`: NOT NULL is judged later too, and the table numbers its rows in
 *   `rowColumn`; `unlogged`: see ledger/unlogged.ts
 */
export async function createLike(
  tx: Connection,
  table: TableName,
  columns: TargetTable['columns'],
  { traced = false, unlogged = false }: { traced?: boolean; unlogged?: boolean } = {},
): Promise<void> {
  const make = `create ${unlogged ? 'unlogged ' : ''}table ${quoteTable(table)}`
  const list = columns.map((column) =>
    [
      quoteIdentifier(column.name),
      column.type,
      column.collation ? `collate ${column.collation}` : '',
      column.default ? `default ${column.default}` : '',
      column.notNull && !traced ? 'not null' : '',
    ].join(' '),
  )
  if (!traced) {
    await tx.query(`${make} (${list.join(', ')}) ${isLanding}`)
    return
  }
  // A session caches numbers, but its own ones grow: a unit needs no more than that for its order.
  const sequence = quoteTable({ ...table, name: `${table.name}_row` })
  const row = quoteIdentifier(rowColumn(table))
  const number = `sluice.unit_base() + nextval(${pg.escapeLiteral(sequence)})`
  list.push(`${row} bigint not null default ${number}`)
  await tx.query(`
    create sequence ${sequence} maxvalue ${2 ** unitShift - 1} cache 1000;
    ${make} (${list.join(', ')}) ${isLanding};
    alter sequence ${sequence} owned by ${quoteTable(table)}.${row}`)
}

/** Bits of a row's number below those of its unit: see sluice.unit_base(). */
export const unitShift = 40

/** Takes the numbers away from a landing table that is to become a target after all. */
export async function dropRowColumn(tx: Connection, landing: TableName): Promise<void> {
  await tx.query(
    `alter table ${quoteTable(landing)} drop column ${quoteIdentifier(rowColumn(landing))}`,
  )
}

/** Adds columns that take NULL, which the rows that are there already have in them. */
export async function addColumns(
  tx: Connection,
  table: TableName,
  columns: readonly Column[],
): Promise<void> {
  if (columns.length === 0) return
  const list = columns.map(({ name, type }) => `add column ${quoteIdentifier(name)} ${type}`)
  await tx.query(`alter table ${quoteTable(table)} ${list.join(', ')}`)
}

/** Gives columns other types, which their values are cast to. */
export async function changeTypes(
  tx: Connection,
  table: TableName,
  columns: readonly Column[],
): Promise<void> {
  if (columns.length === 0) return
  const list = columns.map(({ name, type }) => {
    const column = quoteIdentifier(name)
    return `alter column ${column} type ${type} using ${column}::${type}`
  })
  await tx.query(`alter table ${quoteTable(table)} ${list.join(', ')}`)
}

/** Whether no row has a value in the column. */
export async function isAllNull(
  tx: Connection,
  table: TableName,
  column: string,
): Promise<boolean> {
  const { rows } = await tx.query(
    `select not exists (
       select from ${quoteTable(table)} where ${quoteIdentifier(column)} is not null
     ) as "isAllNull"`,
  )
  return rows[0].isAllNull
}

export async function dropTable(tx: Connection, table: TableName): Promise<void> {
  await tx.query(dropText(table))
}

export const dropText = (table: TableName): string => `drop table if exists ${quoteTable(table)}`
