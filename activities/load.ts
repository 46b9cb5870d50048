/**
 * load: one unit → landing table, exactly once.
 *
 * Rows, rejects and the receipt commit together. A retry therefore finds the receipt and returns
 * it, or finds nothing and starts clean: there is no third case.
 */
import { activityInfo } from '@temporalio/activity'
import type { Receipt, UnitRef } from '../src/domain/words.ts'
import { sluiceError } from '../src/errors.ts'
import { awaitBudget } from '../src/postgres/budget.ts'
import type { Connection } from '../src/postgres/db.ts'
import { readFiles } from '../src/postgres/files.ts'
import { keepRejects } from '../src/postgres/rejects.ts'
import { alone } from '../src/postgres/sessions.ts'
import { lockUnit, settleUnit, type UnitEntry } from '../src/postgres/units.ts'
import { UnitBytes } from '../src/stage/unitBytes.ts'
import { alive, type Limited } from './alive.ts'
import type { Deps } from './deps.ts'
import { fastLane, flawRejects, repairLane } from './lanes.ts'
import { type LoadedUnit, loadWarily, withParts } from './suspect.ts'

interface LoadInput extends UnitRef, Limited {
  /** It is a part of a unit that killed workers. */
  suspect?: boolean
}

export const loadUnit =
  (deps: Deps) =>
  async (ref: LoadInput): Promise<LoadedUnit> =>
    alive(deps, ref, (signal, rearm) => {
      const loadOnce = (begin?: () => Promise<void>) =>
        alone(
          deps.db,
          { ingestId: ref.ingestId, what: `load ${ref.unitNo}`, signal },
          async (tx) => {
            await awaitBudget(tx, signal)
            return lockUnit(tx, ref)
          },
          async (tx, entry) => {
            if (!entry.receipt) await begin?.()
            return withParts(entry.receipt ?? (await load(deps, tx, ref, entry)), entry)
          },
        )
      const isFirst = activityInfo().attempt === 1 && !ref.suspect
      return isFirst ? loadOnce() : loadWarily(deps, ref, { signal, rearm }, loadOnce)
    })

async function load(deps: Deps, tx: Connection, ref: UnitRef, entry: UnitEntry): Promise<Receipt> {
  const { unit } = entry
  const startMs = performance.now()
  const fileNos = [...unit.splits, ...unit.flaws].map(({ fileNo }) => fileNo)
  const files = await readFiles(tx, ref.ingestId, [...new Set(fileNos)])
  const bytes = new UnitBytes(deps.stage, ref.ingestId, unit, files)

  const loaded = (await fastLane(tx, entry, bytes)) ?? (await repairLane(tx, entry, bytes))
  const rejects = [...loaded.rejects, ...(await flawRejects(bytes))]
  await keepRejects(tx, ref, rejects, (fileNo) => bytes.nameOf(fileNo))

  const receipt: Receipt = {
    rowsRead: loaded.read + unit.flaws.length,
    rowsLoaded: loaded.rows,
    rowsRejected: rejects.length,
    sizeBytes: unit.sizeBytes,
    lane: loaded.lane,
  }
  mustAddUp(ref, receipt)
  const { attempt } = activityInfo()
  const tookMs = performance.now() - startMs
  await settleUnit(tx, ref, receipt, { worker: deps.worker, attempt, tookMs })
  return receipt
}

/** @throws count_mismatch */
function mustAddUp({ unitNo }: UnitRef, { rowsRead, rowsLoaded, rowsRejected }: Receipt): void {
  if (rowsRead === rowsLoaded + rowsRejected) return
  const problem = `unit ${unitNo}: ${rowsRead} read, ${rowsLoaded} loaded, ${rowsRejected} rejected`
  throw sluiceError('count_mismatch', { problem })
}
