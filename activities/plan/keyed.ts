/** What a mode that finds rows by a key asks of files, and of their landing table. */
import type { Column } from '../../src/domain/columns.ts'
import { sluiceError } from '../../src/errors.ts'
import { unloggedBytesMin } from '../../src/postgres/ledger/unlogged.ts'
import { asTarget } from '../../src/postgres/target/targetTable.ts'
import {
  columnsNeeded,
  keptNames,
  type ModeSpec,
  markerColumn,
  markerOf,
} from '../../src/spec/modes.ts'
import { periodsFor, usualTime } from '../../src/spec/periods.ts'

/** @throws mode_column_missing when the file lacks a column that the mode needs in every row; soft_delete_in_file, period_column_in_file */
export function mustHave(into: ModeSpec, file: string, columns: readonly string[]): void {
  const column = keptNames(into).find((name) => columns.includes(name))
  if (column !== undefined) {
    const code = into.softDelete === undefined ? 'period_column_in_file' : 'soft_delete_in_file'
    throw sluiceError(code, { file, column })
  }
  const missing = columnsNeeded(into).find(({ column }) => !columns.includes(column))
  if (!missing) return
  const shown = columns.filter(Boolean).slice(0, 20).join(', ')
  throw sluiceError('mode_column_missing', { what: `The file ${file}`, ...missing, columns: shown })
}

/** The column that marks rows for the mode, where the target does not have it. */
export function markerIn(
  into: ModeSpec,
  there: readonly { name: string }[],
  used: ReadonlySet<string>,
): Column[] {
  const marker = markerOf(into)
  if (!marker || !used.has(marker.column)) return []
  return there.some(({ name }) => name === marker.column) ? [] : [markerColumn(marker)]
}

/**
 * The columns of a table that publish makes: those of the files, and those that the mode fills itself.
 * @throws valid_from_not_time
 */
export function storedColumns(columns: readonly Column[], into: ModeSpec): Column[] {
  const { mode, softDelete } = into
  const stored = columns.filter(({ marker }) => !marker)
  if (mode === 'history') return [...stored, ...periodsFor(into, stored)]
  const isThere = softDelete === undefined || stored.some(({ name }) => name === softDelete)
  return isThere ? stored : [...stored, { name: softDelete, type: usualTime }]
}

/** For a target that publish makes: the landing table numbers its rows, and has no key itself. */
export const landKeyed = (columns: readonly Column[], { bytes }: { bytes: number }) => ({
  like: columns.map(asTarget),
  traced: true,
  unlogged: bytes >= unloggedBytesMin,
})
