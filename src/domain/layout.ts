/** The layout of an ingest: which column each field of each file goes to. */
import type { TargetColumn } from './columns.ts'
import { matchHeader, newColumns } from './match.ts'

/** A column of a table that does not exist yet. */
const free: TargetColumn = {
  name: '',
  type: '',
  notNull: false,
  hasDefault: false,
  generated: false,
  identity: false,
}

/** Finds the columns file by file; the first one with a record gives those of a new table. */
export class Layout {
  readonly #table: string
  readonly #known = new Map<string, string[]>()
  /** Those of the target, or of the table to be; null while there is neither. */
  columns: readonly TargetColumn[] | null
  /** Columns that some file fills. */
  readonly used = new Set<string>()

  constructor(table: string, columns: readonly TargetColumn[] | null) {
    this.#table = table
    this.columns = columns
  }

  /**
   * @returns the column of each field
   * @throws column_unknown, column_missing, columns_unmatched
   */
  of(file: string, { header, width }: { header: string[] | null; width: number }): string[] {
    const key = JSON.stringify([header, width])
    const known = this.#known.get(key)
    if (known) return known
    const fileHeader = { file, header, width }
    const columns = this.columns
      ? matchHeader(fileHeader, { name: this.#table, columns: this.columns })
      : newColumns(fileHeader)
    this.columns ??= columns.map((name) => ({ ...free, name }))
    this.#known.set(key, columns)
    for (const name of columns) this.used.add(name)
    return columns
  }
}
