/**
 * COPY into a table with constraints: whatever it refuses, it refuses row by row.
 *
 * Most faults name their line, and copyAround goes on behind it. A foreign key or a trigger is
 * judged at the end of the statement, and names none: the rows are then halved until it is found.
 */
import type { Connection } from '../db.ts'
import { isAboutRow } from '../sqlState.ts'
import { whyLost } from '../target/lost.ts'
import { copyAround, type Records, type Refused, refusedAt, type TextTarget } from './copyAround.ts'

/**
 * @returns those that were refused, in no particular order; the others are in the table
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
    await tx.query('rollback to savepoint each; release savepoint each')
    if (count === 1) return [refusedAt(0, error, target)]
    const half = Math.ceil(count / 2)
    const first = await copyEach(tx, target, part(records, 0, half))
    const second = await copyEach(tx, target, part(records, half, count))
    return first.concat(second.map((each) => ({ ...each, index: each.index + half })))
  }
}

/** The records from one index up to another. */
function part({ bytes, ends }: Records, from: number, to: number): Records {
  const start = from > 0 ? (ends[from - 1] as number) : 0
  return {
    bytes: bytes.subarray(start, ends[to - 1]),
    ends: ends.slice(from, to).map((end) => end - start),
  }
}
