/** Which column each field of a file goes to, or a clear error that says why it cannot. */
import { sluiceError } from '../errors.ts'
import type { TargetColumn } from './columns.ts'
import { addedNames, columnNames, matchColumns, type Naming } from './names.ts'

export interface FileHeader {
  file: string
  header: readonly (string | null)[] | null
  width: number
  /** Fields that few records have: where they have no column these are rejects. */
  sparse?: readonly number[]
  /** Names of columns that are not in the file, behind those of its fields. */
  beside?: readonly string[]
}

export interface MatchTable {
  name: string
  columns: readonly TargetColumn[]
  /** Names that it does not have become new columns. */
  evolves?: boolean
  /** How new columns are called. */
  names?: Naming
  /** A header without a single name of the table is a file of another kind. */
  knowsOne?: boolean
  /** What to do about such a file. */
  unlikeAdvice?: string
}

/**
 * By name where the file has a header; else by position, without the columns that no file may fill.
 * @returns the column of each field, in the file's order; empty for one in few records without any
 * @throws file_unknown, column_generated, column_unknown, column_missing, columns_unmatched
 */
export function matchHeader(fields: FileHeader, table: MatchTable): string[] {
  const { file, width, sparse = [], beside = [] } = fields
  if (!fields.header) return matchWithoutHeader({ file, width, beside }, table)
  const header = [...fields.header, ...beside]
  mustBeWritable(file, header, table)
  const { columns: matched, missing, ...match } = matchColumns(header, table.columns, table.names)
  const isKnown = matched.some(
    (name, index) => index < width && name !== '' && header[index]?.trim(),
  )
  if (table.knowsOne && !isKnown) throw unknownFile({ file, header }, table)
  const few = new Set(sparse)
  const { columns, unknown } = table.evolves
    ? withAdded(header, matched, table)
    : { columns: matched, unknown: match.unknown }
  if (columns.some((name, index) => name === '' && !few.has(index))) {
    throw sluiceError('column_unknown', { file, table: table.name, columns: list(unknown) })
  }
  if (missing.length > 0) {
    throw sluiceError('column_missing', { file, table: table.name, columns: list(missing) })
  }
  return columns
}

/** @throws column_generated */
function mustBeWritable(
  file: string,
  header: readonly (string | null)[],
  { name: table, columns }: MatchTable,
): void {
  const generated = new Set(columns.filter((column) => column.generated).map(lowerName))
  const names = header.filter((name) => generated.has(lower(name ?? '')))
  if (names.length === 0) return
  const [is, them] =
    names.length > 1 ? ['are generated columns', 'them'] : ['is a generated column', 'it']
  const said = `${names.join(', ')} ${is}`
  throw sluiceError('column_generated', { file, table, columns: said, them })
}

const list = (names: readonly string[]): string =>
  names.slice(0, 20).join(', ') + (names.length > 20 ? ', …' : '')

function unknownFile(
  { file, header }: { file: string; header: readonly (string | null)[] },
  { columns, unlikeAdvice: advice = '' }: MatchTable,
): Error {
  const names = header.slice(0, 21).map((name) => shown(name ?? ''))
  const known = list(columns.map(({ name }) => name))
  return sluiceError('file_unknown', { file, columns: list(names), known, advice })
}

/** New names for what the table does not have; a field without a name cannot get one. */
function withAdded(
  header: readonly (string | null)[],
  matched: readonly string[],
  { columns: there, names: naming }: MatchTable,
): { columns: string[]; unknown: string[] } {
  const strange = header.filter((_, index) => matched[index] === '')
  const names = addedNames(
    strange,
    there.map(({ name }) => name),
    naming,
  )
  const unknown = strange.filter((_, at) => names[at] === null)
  let next = 0
  const columns = matched.map((name) => name || (names[next++] ?? ''))
  return { columns, unknown: unknown.map((name) => shown(name ?? '')) }
}

/** PostgreSQL has no identifiers longer than this, so a longer name matches no column. */
const lower = (name: string): string => name.trim().slice(0, 1000).toLowerCase()

const lowerName = ({ name }: TargetColumn): string => lower(name)

const shown = (name: string): string => name.trim().slice(0, 80) || '(a field without a name)'

/** By position, but for the columns that are not in the file. */
function matchWithoutHeader(
  { file, width, beside }: Pick<FileHeader, 'file' | 'width'> & { beside: readonly string[] },
  table: MatchTable,
): string[] {
  if (beside.length === 0) return matchByPosition({ file, width }, table)
  const { columns } = matchColumns(beside, table.columns, table.names)
  const taken = new Set(columns)
  const others = table.columns.filter(({ name }) => !taken.has(name))
  const byPosition = matchByPosition({ file, width }, { ...table, columns: others })
  return matchHeader(
    { file, header: [...byPosition, ...beside], width: width + beside.length },
    table,
  )
}

function matchByPosition({ file, width }: Omit<FileHeader, 'header'>, table: MatchTable): string[] {
  const columns = table.columns.filter(({ generated, kept }) => !generated && !kept)
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
export function newColumns({ header, width, beside = [] }: FileHeader, naming?: Naming): string[] {
  const names = header ?? Array.from({ length: width }, () => null)
  return columnNames([...names, ...beside], naming)
}
