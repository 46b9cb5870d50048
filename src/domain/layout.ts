/** The layout of an ingest: which column each field of each file goes to. */
import { sluiceError } from '../errors.ts'
import type { TargetColumn } from './columns.ts'
import { type Mapping, namingOf } from './mapping.ts'
import { type FileHeader, matchHeader, newColumns } from './match.ts'
import type { Naming } from './names.ts'

/** A column of a table that does not exist yet. */
export const free: TargetColumn = {
  name: '',
  type: '',
  notNull: false,
  hasDefault: false,
  generated: false,
  identity: false,
}

const columnsMax = 1600

/** Whether new columns are added to a table, or refused. */
export type SchemaChange = 'evolve' | 'freeze'

interface LayoutTarget extends Mapping {
  table: string
  schema?: SchemaChange
}

/** A new table takes new columns unless it is frozen, one that exists only when it is asked for. */
export const evolves = (schema: SchemaChange | undefined, exists: boolean): boolean =>
  exists ? schema === 'evolve' : schema !== 'freeze'

/** Finds the columns file by file; the first one with a record gives those of a new table. */
export class Layout {
  readonly #table: string
  readonly #known = new Map<string, string[]>()
  readonly #evolves: boolean
  readonly #knowsOne: boolean
  readonly #unlikeAdvice: string
  readonly #names: Naming
  /** Those of the target, or of the table to be; null while there is neither. */
  columns: readonly TargetColumn[] | null
  /** Columns that some file fills. */
  readonly used = new Set<string>()
  /** Columns of files that came later than those of the table. */
  readonly added = new Set<string>()

  constructor(
    { table, schema, ...mapping }: LayoutTarget,
    columns: readonly TargetColumn[] | null,
    { knowsOne = false, unlikeAdvice = '' }: { knowsOne?: boolean; unlikeAdvice?: string } = {},
  ) {
    this.#unlikeAdvice = unlikeAdvice
    this.#knowsOne = knowsOne
    this.#table = table
    this.#names = namingOf(mapping)
    this.columns = columns
    this.#evolves = evolves(schema, columns !== null)
  }

  /**
   * @returns the column of each field, empty for one in few records that has none; then those of
   *   the columns that are not in the file
   * @throws file_unknown, column_unknown, column_missing, columns_unmatched, columns_too_many
   */
  of(file: string, fields: Omit<FileHeader, 'file'>): string[] {
    const { header, width, sparse, beside } = fields
    const key = JSON.stringify([header, width, sparse, beside])
    const known = this.#known.get(key)
    if (known) return known
    const fileHeader = { file, header, width, ...(sparse && { sparse }), ...(beside && { beside }) }
    // The first file may bring all columns of a table that exists; a later one shares some of them.
    const knowsOne = this.#knowsOne || this.used.size > 0
    const names = this.#names
    const table = {
      name: this.#table,
      evolves: this.#evolves,
      knowsOne,
      unlikeAdvice: this.#unlikeAdvice,
      names,
    }
    const columns = this.columns
      ? matchHeader(fileHeader, { ...table, columns: this.columns })
      : newColumns(fileHeader, names)
    if (this.columns) this.#add(file, this.columns, columns)
    else this.columns = columns.map((name) => ({ ...free, name }))
    this.#known.set(key, columns)
    for (const name of columns) if (name !== '') this.used.add(name)
    return columns
  }

  #add(file: string, there: readonly TargetColumn[], columns: readonly string[]): void {
    const names = new Set(there.map(({ name }) => name))
    const added = columns.filter((name) => name !== '' && !names.has(name))
    if (added.length === 0) return
    const count = there.length + added.length
    if (count > columnsMax) throw sluiceError('columns_too_many', { file, count })
    for (const name of added) this.added.add(name)
    this.columns = [...there, ...added.map((name) => ({ ...free, name }))]
  }
}
