/** What is known of a target table that exists. */
import type { Column, TargetColumn } from '../../domain/columns.ts'

export interface TargetTable {
  columns: (TargetColumn & { collation: string | null; default: string | null })[]
  /** Nothing hangs on the table but its columns, so another table can take its place. */
  bare: boolean
  /** Whether we may alter it. */
  owned: boolean
  /** Its rows are in its partitions. */
  partitioned: boolean
}

/** A column of a table that is to be made. */
export const asTarget = ({
  default: value = null,
  ...column
}: Column): TargetTable['columns'][number] => ({
  notNull: false,
  ...column,
  default: value,
  hasDefault: value !== null,
  collation: null,
  generated: false,
  identity: false,
})
