/** Landing becomes target. Everything here runs in the transaction that marks the ingest published. */
import type { Partition } from '../../domain/partition.ts'
import { quoteIdentifier, quoteTable, showTable, type TableName } from '../../domain/table.ts'
import { sluiceError } from '../../errors.ts'
import type { Connection } from '../db.ts'
import { isOfTakenName } from '../sqlState.ts'
import { isBare } from './bare.ts'
import { dropTable, endLanding } from './landing.ts'
import { addPartitions, createPartitioned } from './partitions.ts'
import { lockPatiently } from './patientLock.ts'

/** The landing table takes the name of a target that does not exist. No row is written again. */
export const renameIntoPlace = (
  tx: Connection,
  landing: TableName,
  target: TableName,
): Promise<void> =>
  withFreeName(target, async () => {
    await tx.query(`
      ${endLanding(landing)};
      alter table ${quoteTable(landing)} rename to ${quoteIdentifier(target.name)}`)
  })

/** @throws too_busy when somebody has made a table of that name meanwhile */
async function withFreeName(target: TableName, make: () => Promise<void>): Promise<void> {
  try {
    await make()
  } catch (error) {
    if (!isOfTakenName(error)) throw error
    // The next attempt finds it, and judges it.
    const problem = `${showTable(target)} was made while it was published`
    throw sluiceError('too_busy', { problem }, { cause: error })
  }
}

/**
 * The rows of the landing table go into the partitions of a target that does not exist.
 * @throws partition_invalid
 */
export const divide = (
  tx: Connection,
  { landing, target, partition }: { landing: TableName; target: TableName; partition: Partition },
): Promise<void> =>
  withFreeName(target, async () => {
    await createPartitioned(tx, target, { like: landing, partition, target })
    await addPartitions(tx, target, { rows: landing, partition })
    await tx.query(`insert into ${quoteTable(target)} select * from ${quoteTable(landing)}`)
    await dropTable(tx, landing)
  })

/** The table of before goes, with its name: another one is there for all that hangs on it. */
export async function letGo(tx: Connection, target: TableName): Promise<void> {
  await dropTable(tx, target)
}

/**
 * The landing table takes the place of a bare target, which readers wait for as long as it takes to
 * exchange the two names.
 * @returns false when something has come to hang on the target, and nothing was done
 * @throws too_busy when others use the target for long
 */
export async function swap(
  tx: Connection,
  {
    landing,
    target,
    onWait,
  }: { landing: TableName; target: TableName; onWait?: (what: string) => void },
): Promise<boolean> {
  await lockPatiently(tx, target, 'access exclusive', { only: true, onWait })
  // Grants and views ask for no lock that ours would have kept away until now.
  if (!(await isBare(tx, target))) return false
  await letGo(tx, target)
  await renameIntoPlace(tx, landing, target)
  return true
}
