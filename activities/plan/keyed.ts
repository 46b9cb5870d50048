/** What a mode that finds rows by a key asks of files, and of their landing table. */
import type { Column } from '../../src/domain/columns.ts'
import { sluiceError } from '../../src/errors.ts'
import { unloggedBytesMin } from '../../src/postgres/ledger/unlogged.ts'
import { asTarget } from '../../src/postgres/target/targetTable.ts'
import { columnsNeeded, type ModeSpec, markerColumn, markerOf } from '../../src/spec/modes.ts'

/** @throws mode_column_missing when the file lacks a column that the mode needs in every row; soft_delete_in_file */
export function mustHave(into: ModeSpec, file: string, columns: readonly string[]): void {
  if (into.softDelete !== undefined && columns.includes(into.softDelete)) {
    throw sluiceError('soft_delete_in_file', { file, column: into.softDelete })
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

/** The columns of a table that publish makes: those of the files, and one that says a row is deleted. */
export function storedColumns(columns: readonly Column[], { softDelete }: ModeSpec): Column[] {
  const stored = columns.filter(({ marker }) => !marker)
  const isThere = softDelete === undefined || stored.some(({ name }) => name === softDelete)
  return isThere ? stored : [...stored, { name: softDelete, type: 'timestamp with time zone' }]
}

/** For a target that publish makes: the landing table numbers its rows, and has no key itself. */
export const landKeyed = (columns: readonly Column[], { bytes }: { bytes: number }) => ({
  like: columns.map(asTarget),
  traced: true,
  unlogged: bytes >= unloggedBytesMin,
})
