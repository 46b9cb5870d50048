/**
 * Rows that the target refuses for what no constraint says become rejects. They are found by
 * inserting them, which takes time for each of them, so there is a bound.
 */

import { quoteTable, showTable } from '../../src/domain/table.ts'
import { type SluiceError, sluiceError } from '../../src/errors.ts'
import type { Connection } from '../../src/postgres/db.ts'
import { sumReceipts } from '../../src/postgres/ledger/units.ts'
import { modes } from '../../src/postgres/modes/index.ts'
import { judgeAtOnce } from '../../src/postgres/target/constraints.ts'
import { findRefused, type RefusedRow, refusedMax } from '../../src/postgres/target/search.ts'
import { mustNotBeNumbered } from '../../src/postgres/target/sequence.ts'
import { addMarks } from '../../src/postgres/target/violations.ts'
import { allowsTemporary } from '../../src/postgres/temporary.ts'
import type { FullTarget } from '../../src/spec/target.ts'
import type { Attempt } from '../attempt/attempt.ts'
import { countsOf } from './counts.ts'
import { type Filling, type Publishing, rowsOf } from './filling.ts'
import { placeOf, rejectMarked } from './judge.ts'
import { overLimit, rejectsLeft } from './limit.ts'

/**
 * @returns an error when there are too many, of which the first are rejects then
 * @throws `why` when no row is refused by itself; target_refused, sequence_behind
 */
export async function searchLanding(
  attempt: Attempt,
  tx: Connection,
  input: Publishing,
  { why, ...filling }: Filling & { why: SluiceError },
): Promise<SluiceError | null> {
  const { ingestId } = input
  const { entry, target, landing, list, loaded } = filling
  const { mode } = entry.spec.target as FullTarget
  const landed = rowsOf(attempt, ingestId, { ...filling, inPlace: true })
  const canMark = await allowsTemporary(tx)
  const left = canMark ? rejectsLeft(input, entry.spec, countsOf(loaded)) : 0
  const { rows, isCut } = await findRefused(tx, {
    target,
    landing,
    begin: async () => {
      await judgeAtOnce(tx, target)
      await modes[mode].makeRoom(tx, landed)
    },
    fill: (range) => modes[mode].fill(tx, landed, range),
    most: Math.min(refusedMax, left) + 1,
  })
  const [first] = rows
  if (!first) throw why
  const filled = list.map(({ name }) => name)
  await mustNotBeNumbered(tx, quoteTable(target), { refused: rows, filled })
  const refusal = async (count: string) => {
    const place = await placeOf(attempt, tx, { ingestId, entry, landing, row: first.row })
    return tooMany(filling, { first, place, count, cause: why })
  }
  if (!canMark) throw await refusal('')
  const error = isCut ? await refusal(`${rows.length} rows and more, the first: `) : null
  await addMarks(tx, rows)
  await rejectMarked(attempt, tx, ingestId, entry)
  if (!error) return null
  const now = countsOf(await sumReceipts(tx, ingestId))
  return (await overLimit(tx, input, entry, now)) ?? error
}

interface TooMany {
  first: RefusedRow
  place: string
  count: string
  cause: unknown
}

const tooMany = ({ target }: Filling, { first, place, count, cause }: TooMany): SluiceError => {
  const problem = `${count}${place}: ${first.error}`
  return sluiceError('target_refused', { table: showTable(target), problem }, { cause })
}
