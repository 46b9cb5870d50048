/** The landing table of an ingest. It lives beside the target, to get the same default rights. */

import pg from 'pg'
import type { Column } from '../../domain/columns.ts'
import { quoteIdentifier, quoteTable, type TableName } from '../../domain/table.ts'
import type { RowQuery } from '../clientSql/rowQuery.ts'
import type { Connection } from '../db.ts'
import type { RowRange } from '../modes/mode.ts'
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
  const list = columns.map(definition)
  const make = `create table ${quoteTable(table)} (${list.join(', ')})`
  await tx.query(landing ? `${dropText(table)}; ${make} ${isLanding}` : make)
}

const definition = ({ name, type, default: value, notNull }: Column): string =>
  [
    quoteIdentifier(name),
    type,
    ...(value ? [`default ${value}`] : []),
    ...(notNull ? ['not null'] : []),
  ].join(' ')

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

/**
 * A table for the rows that a transform makes of those of a landing table, in whose place it comes.
 * @param options.row the column that numbers them, as SQL; null where that is not needed
 */
export async function createShaped(
  tx: Connection,
  table: TableName,
  columns: readonly (Column & { collation: string | null })[],
  { row, unlogged }: { row: string | null; unlogged: boolean },
): Promise<void> {
  const list = columns.map(({ name, type, collation }) =>
    [quoteIdentifier(name), type, collation ? `collate ${collation}` : ''].join(' '),
  )
  if (row !== null) list.push(`${row} bigint not null`)
  const make = `create ${unlogged ? 'unlogged ' : ''}table ${quoteTable(table)}`
  await tx.query(`${make} (${list.join(', ')}) ${isLanding}`)
}

/** A table with the columns of another one, and no row. */
export async function createEmpty(tx: Connection, table: TableName, as: TableName): Promise<void> {
  await tx.query(`create table ${quoteTable(table)} (like ${quoteTable(as)})`)
}

/** Puts the rows of a transform into its table, those of a range, all, or none. */
export async function insertShaped(
  tx: Connection,
  table: TableName,
  { view, row, columns }: RowQuery,
  { withRow, range, isTrial = false }: { withRow: boolean; range?: RowRange; isTrial?: boolean },
): Promise<void> {
  const names = columns.map(({ name }) => quoteIdentifier(name))
  const list = [...names, ...(withRow ? [row] : [])].join(', ')
  await tx.query(
    `insert into ${quoteTable(table)} (${list}) select ${list} from ${view}
     ${isTrial ? 'where false' : ''}${range ? `where ${range.row} > $1 and ${range.row} <= $2` : ''}`,
    range && [range.after, range.to],
  )
}

/** The table of a transform becomes the landing table. */
export async function takePlace(
  tx: Connection,
  shaped: TableName,
  landing: TableName,
): Promise<void> {
  await tx.query(`
    ${dropText(landing)};
    alter table ${quoteTable(shaped)} rename to ${quoteIdentifier(landing.name)}`)
}

/** Bits of a row's number below those of its unit: see sluice.unit_base(). */
export const unitShift = 40

/** Rows that come into a landing table from here on get numbers that are of no unit. */
export async function numberAsNoUnit(tx: Connection): Promise<void> {
  await tx.query(`select set_config('sluice.unit', $1, true)`, [String(2 ** (62 - unitShift))])
}

export async function addPrimaryKey(
  tx: Connection,
  table: TableName,
  columns: readonly string[],
): Promise<void> {
  const list = columns.map(quoteIdentifier).join(', ')
  await tx.query(`alter table ${quoteTable(table)} add primary key (${list})`)
}

/** Takes the numbers away from a landing table that is to become a target after all. */
export async function dropRowColumn(tx: Connection, landing: TableName): Promise<void> {
  await tx.query(
    `alter table ${quoteTable(landing)} drop column ${quoteIdentifier(rowColumn(landing))}`,
  )
}

/** Adds columns. Rows that are there already have their default in them, or NULL. */
export async function addColumns(
  tx: Connection,
  table: TableName,
  columns: readonly Column[],
): Promise<void> {
  if (columns.length === 0) return
  const list = columns.map((column) => `add column ${definition(column)}`)
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
