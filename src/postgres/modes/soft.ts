/** Rows that are deleted by a column of the table, and stay in it. */
import { quoteIdentifier, showTable } from '../../domain/table.ts'
import { sluiceError } from '../../errors.ts'
import type { ModeSpec } from '../../spec/modes.ts'
import type { TargetTable } from '../target/targetTable.ts'
import type { Candidate } from './mode.ts'

/** What marks deleted rows, as SQL. */
export interface Soft {
  name: string
  /** The quoted name. */
  column: string
  deleted: string
  live: string
  /** @param alias of the table */
  isDeleted(alias: string): string
}

export function softOf(
  { softDelete }: ModeSpec,
  { columns }: Pick<TargetTable, 'columns'>,
): Soft | null {
  if (softDelete === undefined) return null
  const isBoolean = columns.find(({ name }) => name === softDelete)?.type === 'boolean'
  const column = quoteIdentifier(softDelete)
  return {
    ...{ name: softDelete, column },
    ...(isBoolean ? { deleted: 'true', live: 'false' } : { deleted: 'now()', live: 'null' }),
    isDeleted: (alias) => `${alias}.${column} is ${isBoolean ? 'true' : 'not null'}`,
  }
}

/** @throws mode_column_missing, target_not_writable */
export function checkSoft({ table, columns }: Candidate, { softDelete }: ModeSpec): void {
  if (softDelete === undefined) return
  const shown = showTable(table)
  const option = '--soft-delete'
  const found = columns.find(({ name }) => name === softDelete)
  if (!found) {
    const names = columns.map(({ name }) => name).join(', ')
    const what = `The table ${shown}`
    throw sluiceError('mode_column_missing', { what, column: softDelete, option, columns: names })
  }
  const { type, notNull, generated } = found
  const isTime = /^timestamp(\(\d\))? with(out)? time zone$/.test(type) && !notNull
  if ((type === 'boolean' || isTime) && !generated) return
  const is = generated ? 'is generated' : `is ${type}${notNull ? ' not null' : ''}`
  const problem = `${softDelete} ${is}, and \`${option}\` needs a boolean, or a timestamp that may be NULL`
  throw sluiceError('target_not_writable', { table: shown, problem })
}
