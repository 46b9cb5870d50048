/** COPY into a table with constraints: whatever it refuses, it refuses row by row. */
import type { Connection } from '../db.ts'
import { isAboutRow } from '../sqlState.ts'
import { whyLost } from '../target/lost.ts'
import { copyAround, type Records, type Refused, refusedAt, type TextTarget } from './copyAround.ts'

/**
 * @returns those that were refused, in order; the others are in the table
 * @throws target_refused when a trigger left out rows without an error
 */
export async function copyEach(
  tx: Connection,
  target: TextTarget,
  records: Records,
): Promise<Refused[]> {
  const count = records.ends.length
  if (count === 0) return []
  await tx.query('savepoint each')
  try {
    const { rows, refused } = await copyAround(tx, target, records)
    if (rows + refused.length !== count) {
      throw await whyLost(tx, target.table, { sent: count - refused.length, arrived: rows })
    }
    await tx.query('release savepoint each')
    return refused
  } catch (error) {
    if (!isAboutRow(error)) throw error
    // The table takes no records at all, whatever they hold.
    await tx.query('rollback to savepoint each; release savepoint each')
    return records.ends.map((_, index) => refusedAt(index, error, target))
  }
}
