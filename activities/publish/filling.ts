/** What the rows of an ingest are moved by, once the target is locked. */
import type { Changes } from '../../src/domain/counts.ts'
import type { TableName } from '../../src/domain/table.ts'
import type { IngestEntry } from '../../src/postgres/ledger/ingests.ts'
import type { Sums } from '../../src/postgres/ledger/units.ts'
import type { Filling as Rows } from '../../src/postgres/modes/mode.ts'
import type { TargetTable } from '../../src/postgres/target/targetTable.ts'
import type { FullTarget } from '../../src/spec/target.ts'
import type { Attempt } from '../attempt/attempt.ts'

/** The publish under way. */
export interface Publishing {
  ingestId: string
  /** Data records that staging counted. */
  records: number
}

/** What a publish has come to. */
export interface Moved {
  /** What the receipts add up to then. */
  loaded: Sums
  changes: Changes | null
}

export interface Filling {
  entry: IngestEntry
  /** What the receipts add up to. */
  loaded: Sums
  target: TableName
  landing: TableName
  there: TargetTable
  /** What the landing table fills. */
  list: TargetTable['columns']
  /** Takes what an undo needs of the rows, where the ingest can be taken back. */
  keep?: Rows['keep']
  /** No other table may take the place of the target. */
  inPlace?: boolean
}

export const rowsOf = (
  { progress }: Pick<Attempt, 'progress'>,
  ingestId: string,
  { entry, target, landing, there, list, keep, inPlace = false }: Filling,
): Rows => ({
  ingestId,
  into: entry.spec.target as FullTarget,
  target,
  landing,
  there,
  columns: list,
  isWhole: true,
  inPlace,
  onWait: progress,
  ...(keep && { keep }),
})
