/** The columns that have the periods of a history, and their types. */
import type { Column } from '../domain/columns.ts'
import { sluiceError } from '../errors.ts'
import { type ModeSpec, periodColumnsOf } from './modes.ts'

export const usualTime = 'timestamp with time zone'

/** As `format_type` writes types whose values a period may begin at. */
const times = /^(date|timestamp(\(\d\))? with(out)? time zone)$/

export const isTime = (type: string): boolean => times.test(type)

/** @throws valid_from_not_time */
export function mustBeTime({ name, type }: Pick<Column, 'name' | 'type'>): void {
  if (!isTime(type)) throw sluiceError('valid_from_not_time', { column: name, type })
}

/**
 * For a table that is to be made: times are of the type that they have in the files.
 * @throws valid_from_not_time
 */
export function periodsFor(into: ModeSpec, columns: readonly Column[]): Column[] {
  const { from, to, current } = periodColumnsOf(into)
  const given = columns.find(({ name }) => name === into.validFrom)
  if (given) mustBeTime(given)
  const type = given?.type ?? usualTime
  return [
    { name: from, type, notNull: true },
    { name: to, type },
    { name: current, type: 'boolean', notNull: true },
  ]
}
