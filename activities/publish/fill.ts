/** Rows of the landing table go into a target that is there; rows that it refuses become rejects. */
import { quoteTable, type TableName } from '../../src/domain/table.ts'
import { type SluiceError, sluiceError } from '../../src/errors.ts'
import { type Connection, problemOf } from '../../src/postgres/db.ts'
import { type Sums, sumReceipts } from '../../src/postgres/ledger/units.ts'
import { modes } from '../../src/postgres/modes/index.ts'
import { isAboutRow, isRefusal } from '../../src/postgres/sqlState.ts'
import { judgeAtOnce, mayRefuse, runDeferred } from '../../src/postgres/target/constraints.ts'
import { whyLost } from '../../src/postgres/target/lost.ts'
import { recordReplaced, targetChanged } from '../../src/postgres/target/relied.ts'
import { createMarks } from '../../src/postgres/target/violations.ts'
import { allowsTemporary } from '../../src/postgres/temporary.ts'
import { noteWritten } from '../../src/postgres/undo/written.ts'
import type { FullTarget } from '../../src/spec/target.ts'
import type { Attempt } from '../attempt/attempt.ts'
import { countsOf } from './counts.ts'
import { type Filling, type Moved, type Publishing, rowsOf } from './filling.ts'
import { judgeLanding, rejectMarked } from './judge.ts'
import { overLimit } from './limit.ts'
import { refusedRows } from './refused.ts'
import { searchLanding } from './search.ts'

/** Why the target took no row. What deferred triggers say is about all rows together. */
interface Refusal {
  error: unknown
  isDeferred: boolean
}

/**
 * Tries it first: rows without a fault cost no judgement, and writers of the target are not kept
 * waiting by a lock. Rows that break a constraint are found by asking for all of them at once, and
 * what else the target refuses by a search, once; then it is tried with the others.
 * @returns an error when rows were refused and nothing was moved
 * @throws target_refused, target_changed, sequence_behind, count_mismatch
 */
export async function fillTarget(
  attempt: Attempt,
  tx: Connection,
  input: Publishing,
  filling: Filling,
): Promise<Moved | SluiceError> {
  const settled = await settle(attempt, tx, input, filling)
  if (settled instanceof Error) return settled
  const { spec, traced } = filling.entry
  // A spec that says to skip rows expects some, so they are sought before the first try.
  let tries = !(traced && spec.target?.unique === 'skip')
  let isSearched = false
  let loaded = settled
  let { inPlace = false } = filling
  for (;;) {
    const now = { ...filling, loaded, inPlace }
    const tried = tries ? await tryToFill(attempt, tx, input, now) : null
    if (tried && 'changes' in tried) return { loaded, ...tried }
    const done = await takeOut(attempt, tx, input, { ...now, refusal: tried, isSearched })
    if (done instanceof Error) return done
    isSearched ||= done === 'searched'
    inPlace ||= done === 'not by copy'
    loaded = await sumReceipts(tx, input.ingestId)
    const over = await overLimit(tx, input, filling.entry, countsOf(loaded))
    if (over) return over
    tries = true
  }
}

/**
 * Where rows have a key, one of each key is to be left, and those without a key are rejects.
 * @returns what the receipts add up to then; an error when there are too many rejects
 */
async function settle(
  attempt: Attempt,
  tx: Connection,
  input: Publishing,
  filling: Filling,
): Promise<Sums | SluiceError> {
  const { entry, loaded, landing } = filling
  const { ingestId } = input
  const { mode } = entry.spec.target as FullTarget
  if (!modes[mode].isKeyed) return loaded
  if (!(await allowsTemporary(tx))) {
    throw sluiceError('no_temporary_tables', { problem: `the mode ${mode} needs them` })
  }
  await tx.query(`analyze ${quoteTable(landing)}`)
  await createMarks(tx)
  if ((await modes[mode].settle(tx, rowsOf(attempt, ingestId, filling))) === 0) return loaded
  await rejectMarked(attempt, tx, ingestId, entry)
  const left = await sumReceipts(tx, ingestId)
  return (await overLimit(tx, input, entry, countsOf(left))) ?? left
}

/**
 * Takes rows out of the landing table that the target refuses.
 * @returns how they were found, or that the target is to say it itself; an error when there are too many,
 *   and the first of them were taken out
 * @throws target_refused, target_changed, sequence_behind when there are none
 */
async function takeOut(
  attempt: Attempt,
  tx: Connection,
  input: Publishing,
  { refusal, isSearched, ...filling }: Filling & { refusal: Refusal | null; isSearched: boolean },
): Promise<'judged' | 'not by copy' | 'searched' | SluiceError> {
  const { ingestId } = input
  const { entry } = filling
  const isTraceable = entry.traced && (refusal === null || isAboutRow(refusal.error))
  const mode = modes[(entry.spec.target as FullTarget).mode]
  const rows = rowsOf(attempt, ingestId, filling)
  const judgeRows = async () =>
    judgeLanding(attempt, tx, ingestId, { ...entry, judged: await mode.judged(tx, rows) })
  const marked = isTraceable ? await judgeRows() : 0
  if (refusal === null || marked > 0) return 'judged'
  const by = await mode.fillsBy(tx, rows)
  // The target itself says why in words of its own, and of which row.
  if (by === 'copy') return 'not by copy'
  const why = await whyRefused(tx, ingestId, filling, refusal.error)
  const maySearch = isTraceable && !refusal.isDeferred && !isSearched
  if (!maySearch || why.code !== 'target_refused') throw why
  if (by === 'statement') throw why
  return (await searchLanding(attempt, tx, input, { ...filling, why })) ?? 'searched'
}

/**
 * @returns why the target refuses the rows; then nothing was done
 * @throws target_refused, count_mismatch
 */
async function tryToFill(
  attempt: Attempt,
  tx: Connection,
  { ingestId }: Publishing,
  filling: Filling,
): Promise<Refusal | Pick<Moved, 'changes'>> {
  const { entry, loaded, target } = filling
  const { mode } = entry.spec.target as FullTarget
  const landed = rowsOf(attempt, ingestId, filling)
  let isDeferred = false
  await tx.query('savepoint fill')
  try {
    await judgeAtOnce(tx, target)
    const { rows, changes, isNewTable } = await modes[mode].fill(tx, landed)
    await mustHaveArrived(tx, target, { rows, rowsLoaded: loaded.rowsLoaded })
    if (entry.spec.target?.undo) await noteWritten(tx, ingestId)
    isDeferred = true
    await runDeferred(tx)
    if (isNewTable) await recordReplaced(tx, ingestId, target)
    return { changes }
  } catch (error) {
    if (!isRefusal(error)) throw error
    await tx.query('rollback to savepoint fill')
    return { error, isDeferred }
  }
}

/** @throws target_refused, count_mismatch */
async function mustHaveArrived(
  tx: Connection,
  target: TableName,
  { rows, rowsLoaded }: { rows: number; rowsLoaded: number },
): Promise<void> {
  if (rows === rowsLoaded) return
  throw await whyLost(tx, quoteTable(target), { sent: rowsLoaded, arrived: rows })
}

/** Without row numbers, what came to the target after the plan cannot be traced to single rows. */
async function whyRefused(
  tx: Connection,
  ingestId: string,
  { entry, target: table, list }: Filling,
  error: unknown,
): Promise<SluiceError> {
  const why = await refusedRows(tx, { target: table, filled: list.map(({ name }) => name) }, error)
  const isNew = !entry.traced && isAboutRow(error) && (await mayRefuse(tx, table, list))
  if (!isNew || why.code !== 'target_refused') return why
  const problem = `it has a constraint, an index or a trigger that it did not have, and refuses rows (${problemOf(error)})`
  return targetChanged({ ingestId, table }, problem, error)
}
