/** Which column each field of a file goes to, or a clear error that says why it cannot. */
import { sluiceError } from '../errors.ts'
import { columnNames, matchColumns, type TargetColumn } from './columns.ts'

export interface FileHeader {
  file: string
  header: readonly string[] | null
  width: number
}

/**
 * By name where the file has a header; else by position, generated columns left out.
 * @returns the column of each field, in the file's order
 * @throws column_unknown, column_missing, columns_unmatched
 */
export function matchHeader(
  { file, header, width }: FileHeader,
  table: { name: string; columns: readonly TargetColumn[] },
): string[] {
  if (!header) return matchByPosition({ file, width }, table)
  const { columns, unknown, missing } = matchColumns(header, table.columns)
  const list = (names: string[]) => names.slice(0, 20).join(', ') + (names.length > 20 ? ', …' : '')
  if (unknown.length > 0) {
    throw sluiceError('column_unknown', { file, table: table.name, columns: list(unknown) })
  }
  if (missing.length > 0) {
    throw sluiceError('column_missing', { file, table: table.name, columns: list(missing) })
  }
  return columns
}

function matchByPosition(
  { file, width }: { file: string; width: number },
  table: { name: string; columns: readonly TargetColumn[] },
): string[] {
  const columns = table.columns.filter((column) => !column.generated)
  if (columns.length === width) return columns.map(({ name }) => name)
  throw sluiceError('columns_unmatched', {
    file,
    table: table.name,
    fileCount: width,
    tableCount: columns.length,
  })
}

/**
 * The columns that the first file gives a new table. Later files are matched against them.
 * @returns one for each field
 */
export function newColumns({ header, width }: FileHeader): string[] {
  return columnNames(header ?? Array.from({ length: width }, () => null))
}
