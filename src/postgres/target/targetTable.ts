/** What is known of a target table that exists. */
import type { TargetColumn } from '../../domain/columns.ts'

export interface TargetTable {
  columns: (TargetColumn & { collation: string | null; default: string | null })[]
  /** Nothing hangs on the table but its columns, so another table can take its place. */
  bare: boolean
  /** Whether we may alter it. */
  owned: boolean
  /** Its rows are in its partitions. */
  partitioned: boolean
}
