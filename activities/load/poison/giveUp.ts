/** Gives up a record that kills workers: it becomes a reject. */
import type { Receipt, Reject, UnitRef } from '../../../src/domain/words.ts'
import { rejectReason } from '../../../src/errors/rejects.ts'
import { sluiceError } from '../../../src/errors.ts'
import { readerOf } from '../../../src/formats/index.ts'
import type { Connection } from '../../../src/postgres/db.ts'
import { countRejects } from '../../../src/postgres/ledger/poison.ts'
import { settleUnit, type UnitEntry } from '../../../src/postgres/ledger/units.ts'
import type { UnitBytes } from '../../../src/stage/unitBytes.ts'
import type { Attempt } from '../../attempt/attempt.ts'
import { keepReadable } from '../keepRejects.ts'
import { fieldColumns, trimLineEnd } from '../lanes.ts'
import { type LoadedUnit, withParts } from '../loadedUnit.ts'
import { type Item, itemCount } from '../parts.ts'

const poisonCode = 'poison_record'
/** A record is given up after so many workers died that had nothing but this record in hand. */
export const deathsAloneMax = 3
/** With more of them in one ingest the cause is something else than the records. */
const poisonMax = 20
/** As much of a record is kept. */
const rawBytesMax = 1 << 20

interface GivenUp {
  entry: UnitEntry
  bytes: UnitBytes
  /** The only one of the unit; null when reading it kills the process. */
  record: Item | null
}

/**
 * Rejects the poison record, which settles its unit.
 * @throws poison_over_max
 */
export async function giveUp(
  { log, worker, attemptNo }: Attempt,
  tx: Connection,
  ref: UnitRef,
  { entry, bytes, record }: GivenUp,
): Promise<LoadedUnit> {
  const { unit } = entry
  if ((await countRejects(tx, ref.ingestId, poisonCode)) >= poisonMax) {
    throw sluiceError('poison_over_max', { max: poisonMax })
  }
  const rejects = itemCount(unit) === 0 ? [] : [await rejectOf(bytes, record)]
  const reader = readerOf(unit.reading, fieldColumns(unit.columns, entry.columns))
  await keepReadable(tx, ref, rejects, { reader, bytes })
  const receipt: Receipt = {
    rowsRead: rejects.length,
    rowsLoaded: 0,
    rowsRejected: rejects.length,
    sizeBytes: unit.sizeBytes,
    lane: 'repair',
  }
  await settleUnit(tx, ref, receipt, { worker, attempt: attemptNo, tookMs: 0 })
  for (const { fileNo, line } of rejects) {
    const place = `${bytes.nameOf(fileNo)} line ${line}`
    log.warn({ event: poisonCode, ...ref, fileNo, line }, `${place} kills workers: rejected`)
  }
  return withParts(receipt, entry)
}

async function rejectOf(bytes: UnitBytes, record: Item | null): Promise<Reject> {
  const { splits, flaws } = bytes.unit
  const fileNo = record?.fileNo ?? splits[0]?.fileNo ?? flaws[0]?.fileNo ?? 0
  const line = record?.line ?? flaws[0]?.line ?? (splits[0]?.lines ?? 0) + 1
  const raw = record ? trimLineEnd(await bytes.flaw(record, rawBytesMax)) : Buffer.alloc(0)
  const why = rejectReason('poison_record', { deaths: deathsAloneMax })
  return { fileNo, line, column: null, ...why, raw }
}
