/** Loads units, and counts what their receipts say. */
import type { IngestInput, Progress } from '../src/domain/ingestInput.ts'
import type { Run } from './pause.ts'
import { verbsOf } from './verbs.ts'

export async function loadOne(
  ingestId: string,
  input: IngestInput,
  { progress, gate }: Run,
  unitNo: number,
): Promise<void> {
  const { load } = verbsOf(progress, input)
  const unit = { ingestId, unitNo, ...(isPart(progress, unitNo) && { suspect: true }) }
  const receipt = await gate.pass((hold) => load({ ...unit, ...hold }))
  const { rowsLoaded, rowsRejected, rowsToReload = 0, unitsAdded = 0 } = receipt
  // The parts of a unit that was split come behind all others: see activities/load/poison/.
  if (unitsAdded > 0) addUnits(progress, unitsAdded)
  progress.loaded++
  progress.rowsLoaded += rowsLoaded
  progress.rowsRejected += rowsRejected
  progress.rowsToReload = (progress.rowsToReload ?? 0) + rowsToReload
}

/**
 * Whether it may be a part of a unit that was split. They are behind all units of the plan; but a plan
 * that has grown since may have others behind them, so that any unit may be one.
 */
const isPart = ({ streams, units, unitsAdded = 0 }: Progress, unitNo: number): boolean =>
  streams ? unitsAdded > 0 : unitNo >= units - unitsAdded

/** All units are to be loaded again. Each that was split says anew how many it has added. */
export function beginAgain(progress: Progress): void {
  progress.units -= progress.unitsAdded ?? 0
  Object.assign(progress, { next: 0, loaded: 0, rowsLoaded: 0, rowsRejected: 0, unitsAdded: 0 })
}

function addUnits(progress: Progress, unitsAdded: number): void {
  progress.units += unitsAdded
  progress.unitsAdded = (progress.unitsAdded ?? 0) + unitsAdded
}
