/**
 * load: one unit → landing table, exactly once.
 *
 * Rows, rejects and the receipt commit together. A retry therefore finds the receipt and returns
 * it, or finds nothing and starts clean: there is no third case.
 */
import { mismatchOf } from '../src/domain/counts.ts'
import { filledBy } from '../src/domain/plan.ts'
import { parseTableName } from '../src/domain/table.ts'
import type { Receipt, Reject, UnitRef } from '../src/domain/words.ts'
import { sluiceError } from '../src/errors.ts'
import { readerOf } from '../src/formats/index.ts'
import type { Connection } from '../src/postgres/db.ts'
import { awaitBudget } from '../src/postgres/ledger/budget.ts'
import { readFiles } from '../src/postgres/ledger/files.ts'
import { lockUnit, settleUnit, type UnitEntry } from '../src/postgres/ledger/units.ts'
import { alone } from '../src/postgres/sessions.ts'
import { isRefusal } from '../src/postgres/sqlState.ts'
import { judgeAtOnce, runDeferred } from '../src/postgres/target/constraints.ts'
import { whyLost } from '../src/postgres/target/lost.ts'
import { mustNotBeNumbered } from '../src/postgres/target/sequence.ts'
import type { FullTarget } from '../src/spec/target.ts'
import type { StagedState } from '../src/stage/stage.ts'
import { UnitBytes } from '../src/stage/unitBytes.ts'
import { type Attempt, type Limited, mustNotBePaused } from './attempt/attempt.ts'
import { keepReadable } from './load/keepRejects.ts'
import { fastLane, fieldColumns, flawRejects, repairLane } from './load/lanes.ts'
import { type LoadedUnit, withParts } from './load/loadedUnit.ts'
import { loadCarefully } from './load/poison/loadCarefully.ts'
import { refused } from './publish/refused.ts'
import { mustStand } from './publish/target.ts'

interface LoadInput extends UnitRef, Limited {
  /** It is a part of a unit that killed workers. Histories of workflows have it by this name. */
  suspect?: boolean
}

/**
 * Waits for the lock on the unit's row in the ledger, which another attempt may still hold, and
 * returns the receipt that it finds there, or loads the unit.
 */
export async function loadUnit(attempt: Attempt, input: LoadInput): Promise<LoadedUnit> {
  const { db, signal } = attempt
  const { ingestId, unitNo, suspect: isPart = false } = input
  const ref = { ingestId, unitNo }
  const loadOnce = (begin?: () => Promise<void>) =>
    alone(
      db,
      { ingestId, what: `load ${unitNo}`, unitNo, signal },
      async (tx) => {
        await awaitBudget(tx, signal)
        return lockUnit(tx, ref)
      },
      async (tx, entry) => {
        if (!entry.receipt) {
          mustNotBePaused(ref, entry.state)
          await begin?.()
        }
        return withParts(entry.receipt ?? (await loadIn(attempt, tx, ref, { entry })), entry)
      },
    )
  if (!attempt.isRetry && !isPart) return loadOnce()
  return loadCarefully(attempt, { ...ref, isPart }, loadOnce)
}

interface LoadWork {
  entry: UnitEntry
  /** Its files, where the caller knows them already. */
  known?: ReadonlyMap<number, StagedState>
}

/**
 * The work itself, in the transaction that holds the lock: bytes through COPY, first as they are
 * and record by record if PostgreSQL aborts, then rejects, then the receipt.
 */
export async function loadIn(
  attempt: Attempt,
  tx: Connection,
  ref: UnitRef,
  { entry, known }: LoadWork,
): Promise<Receipt> {
  const { unit } = entry
  const startMs = performance.now()
  const fileNos = [...unit.splits, ...unit.flaws].map(({ fileNo }) => fileNo)
  const files = known ?? (await readFiles(tx, ref.ingestId, [...new Set(fileNos)]))
  const bytes = new UnitBytes(attempt.stage, ref.ingestId, unit, files)

  const straight = !entry.target.atomic
  const filled = filledBy(unit)
  if (straight) {
    const table = parseTableName(entry.target.table)
    await mustStand(tx, { ...entry, ingestId: ref.ingestId, table })
    await judgeAtOnce(tx, table)
  }
  const reader = readerOf(unit.reading, fieldColumns(unit.columns, entry.columns), unit)
  let rowsRejected = 0
  let rowsSkipped = 0
  const keep = async (found: Reject[]) => {
    if (straight) await mustNotBeNumbered(tx, entry.landing, { refused: found, filled })
    const rejects = straight ? keysLeftOut(entry.target, found) : found
    await keepReadable(tx, ref, rejects, { reader, bytes })
    rowsRejected += rejects.length
    rowsSkipped += found.length - rejects.length
  }
  const lane = { reader, bytes, keep }
  const copy = async () => (await fastLane(tx, entry, lane)) ?? (await repairLane(tx, entry, lane))
  const loaded = await (straight ? orRefused(entry.target, copy) : copy())
  await keep(await flawRejects(bytes))

  const receipt: Receipt = {
    rowsRead: loaded.read + unit.flaws.length,
    rowsLoaded: loaded.rows,
    rowsRejected,
    rowsSkipped,
    ...(loaded.trimmed && { trimmed: loaded.trimmed }),
    sizeBytes: unit.sizeBytes,
    lane: loaded.lane,
  }
  await mustAddUp(tx, ref, entry, receipt)
  if (straight) await orRefused(entry.target, () => runDeferred(tx))
  const { worker, attemptNo } = attempt
  const tookMs = performance.now() - startMs
  await settleUnit(tx, ref, receipt, { worker, attempt: attemptNo, tookMs, isStraight: straight })
  return receipt
}

/**
 * The rejects of rows that were copied straight into the target, without those whose key the
 * target has already where the spec says to skip them.
 * @throws target_refused where it says to fail
 */
function keysLeftOut({ table, unique }: FullTarget, rejects: Reject[]): Reject[] {
  const isTaken = ({ code }: Reject) => code === '23505'
  const taken = unique === 'fail' ? rejects.find(isTaken) : null
  if (taken) throw sluiceError('target_refused', { table, problem: taken.error })
  return unique === 'skip' ? rejects.filter((reject) => !isTaken(reject)) : rejects
}

/** @throws target_refused for what the table says of all rows together, as a deferred trigger does */
async function orRefused<T>({ table }: FullTarget, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw isRefusal(error) ? refused(parseTableName(table), error) : error
  }
}

/** @throws count_mismatch; target_refused when a trigger of the table dropped some of the rows */
async function mustAddUp(
  tx: Connection,
  { unitNo }: UnitRef,
  { landing }: UnitEntry,
  receipt: Receipt,
): Promise<void> {
  const mismatch = mismatchOf(receipt)
  if (mismatch === null) return
  const { rowsRead, rowsLoaded, rowsRejected, rowsSkipped = 0, rowsFiltered = 0 } = receipt
  const kept = rowsRead - rowsRejected - rowsSkipped - rowsFiltered
  if (rowsLoaded < kept) {
    const error = await whyLost(tx, landing, { sent: kept, arrived: rowsLoaded })
    if (error.code === 'target_refused') throw error
  }
  throw sluiceError('count_mismatch', { problem: `unit ${unitNo}: ${mismatch}` })
}
