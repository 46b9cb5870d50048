/** Which column each field of a file goes to, or a clear error that says why it cannot. */
import { sluiceError } from '../errors.ts'
import { addedNames, columnNames, matchColumns, type TargetColumn } from './columns.ts'

export interface FileHeader {
  file: string
  header: readonly (string | null)[] | null
  width: number
}

export interface MatchTable {
  name: string
  columns: readonly TargetColumn[]
  /** Names that it does not have become new columns. */
  evolves?: boolean
}

/**
 * By name where the file has a header; else by position, generated columns left out.
 * @returns the column of each field, in the file's order
 * @throws column_unknown, column_missing, columns_unmatched
 */
export function matchHeader({ file, header, width }: FileHeader, table: MatchTable): string[] {
  if (!header) return matchByPosition({ file, width }, table)
  const { columns: matched, missing, ...match } = matchColumns(header, table.columns)
  const { columns, unknown } = table.evolves
    ? withAdded(header, matched, table.columns)
    : { columns: matched, unknown: match.unknown }
  const list = (names: string[]) => names.slice(0, 20).join(', ') + (names.length > 20 ? ', …' : '')
  if (unknown.length > 0) {
    throw sluiceError('column_unknown', { file, table: table.name, columns: list(unknown) })
  }
  if (missing.length > 0) {
    throw sluiceError('column_missing', { file, table: table.name, columns: list(missing) })
  }
  return columns
}

/** New names for what the table does not have; a field without a name cannot get one. */
function withAdded(
  header: readonly (string | null)[],
  matched: readonly string[],
  table: readonly TargetColumn[],
): { columns: string[]; unknown: string[] } {
  const strange = header.filter((_, index) => matched[index] === '')
  // A generated column is nobody's to write, and its name is taken.
  const writable = strange.map((name) => (isGenerated(name, table) ? null : name))
  const names = addedNames(
    writable,
    table.map(({ name }) => name),
  )
  const unknown = strange.filter((_, at) => names[at] === null)
  let next = 0
  const columns = matched.map((name) => name || (names[next++] ?? ''))
  return { columns, unknown: unknown.map((name) => name || '(a field without a name)') }
}

const isGenerated = (name: string | null, table: readonly TargetColumn[]): boolean =>
  table.some((column) => column.generated && column.name.toLowerCase() === name?.toLowerCase())

function matchByPosition({ file, width }: Omit<FileHeader, 'header'>, table: MatchTable): string[] {
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
