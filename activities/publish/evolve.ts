/** Columns that the files bring to a target that exists: they are added as its rows are. */
import type { Column } from '../../src/domain/columns.ts'
import type { TableName } from '../../src/domain/table.ts'
import type { Connection } from '../../src/postgres/db.ts'
import { addColumns } from '../../src/postgres/target/landing.ts'
import { lockPatiently } from '../../src/postgres/target/patientLock.ts'
import { readTarget } from '../../src/postgres/target/target.ts'
import type { TargetTable } from '../../src/postgres/target/targetTable.ts'

/**
 * Adds what is missing. A column that was added meanwhile is taken as it is.
 * @returns the columns of the target that the landing table fills
 */
export async function evolve(
  tx: Connection,
  target: TableName,
  there: TargetTable,
  { columns, onWait }: { columns: readonly Column[]; onWait?: (what: string) => void },
): Promise<TargetTable['columns']> {
  const names = new Set(there.columns.map(({ name }) => name))
  const missing = columns.filter(({ name, added }) => added && !names.has(name))
  const only = !there.partitioned
  if (missing.length > 0) await lockPatiently(tx, target, 'access exclusive', { only, onWait })
  await addColumns(tx, target, missing)
  const now = missing.length > 0 ? await readTarget(tx, target, { mode: 'append' }) : there
  const filled = new Set(columns.map(({ name }) => name))
  return (now ?? there).columns.filter(({ name }) => filled.has(name))
}
