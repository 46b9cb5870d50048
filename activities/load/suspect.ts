/**
 * A unit whose workers died: which record did it?
 *
 * A unit that has killed workers is split, its parts are loaded alone, and one that kills again is
 * split again, until the culprit is alone in its unit. It becomes a reject when it has killed more
 * workers that had nothing else in hand. All other records are loaded, once, as ever.
 */
import type { Receipt, Reject, UnitRef } from '../../src/domain/words.ts'
import { rejectReason } from '../../src/errors/rejects.ts'
import { sluiceError } from '../../src/errors.ts'
import { type Item, itemCount, itemsOf, partsOf } from '../../src/formats/csv/parts.ts'
import type { Connection } from '../../src/postgres/db.ts'
import {
  clearNotes,
  judgeAttempts,
  noteAttempt,
  noteCompany,
  type Suspicion,
  takeBackNote,
} from '../../src/postgres/ledger/attempts.ts'
import { readFiles } from '../../src/postgres/ledger/files.ts'
import { keepRejects } from '../../src/postgres/ledger/rejects.ts'
import { countRejects, splitUnit } from '../../src/postgres/ledger/suspects.ts'
import { lockUnit, settleUnit, type UnitEntry } from '../../src/postgres/ledger/units.ts'
import { alone } from '../../src/postgres/sessions.ts'
import { UnitBytes } from '../../src/stage/unitBytes.ts'
import { type Attempt, mustNotBePaused } from '../attempt/attempt.ts'
import type { ExclusiveRun } from '../attempt/exclusive.ts'
import { RetryError } from '../attempt/retry.ts'
import { trimLineEnd } from './lanes.ts'

/** Loads the unit once; `begin` is called when it has been locked. */
export type LoadOnce = (begin: () => Promise<void>) => Promise<LoadedUnit>

/** What the workflow must know of a unit that has its receipt. */
export interface LoadedUnit extends Receipt {
  /** Units that were added when it was split; none if absent. */
  unitsAdded?: number
}

const poisonCode = 'poison_record'
const partsMax = 16
/** A record is given up after so many workers died that had nothing but this record in hand. */
const deathsAloneMax = 3
/** More of them in one ingest: it will not be the records. */
const poisonMax = 20
/** As much of a record is kept. */
const rawBytesMax = 1 << 20

/** For every attempt but the first, and for every part of a unit that was split. */
export async function loadWarily(
  attempt: Attempt,
  ref: UnitRef & { suspect?: boolean },
  loadOnce: LoadOnce,
): Promise<LoadedUnit> {
  const suspicion = await judgeAttempts(attempt.db, ref, attempt.instance)
  if (suspicion.silent) throw silent(ref, suspicion.silent)
  if (suspicion.deaths === 0 && !suspicion.suspect && !ref.suspect) {
    const shared = { isExclusive: false, onShared: null }
    return noted(attempt, ref, shared, ({ begin }) => loadOnce(begin))
  }
  return attempt.exclusively((solo) =>
    noted(attempt, ref, solo, async (note) => {
      const given = suspicion.deaths > 0 && (await divide(attempt, ref, { suspicion, note }))
      return given || loadOnce(note.begin)
    }),
  )
}

/** Another worker holds the unit and may be dead. The retry comes when that must have shown. */
function silent(
  { unitNo }: UnitRef,
  { worker, waitMs }: { worker: string; waitMs: number },
): Error {
  return new RetryError(sluiceError('worker_silent', { worker, unitNo }), waitMs + 100)
}

interface Note {
  /** Writes it, once. */
  begin: () => Promise<void>
  id: () => number
}

/** A note in the ledger lasts until the attempt has ended in order, well or badly. */
async function noted<T>(
  { db, instance, worker, attemptNo }: Attempt,
  ref: UnitRef,
  solo: ExclusiveRun,
  work: (note: Note) => Promise<T>,
): Promise<T> {
  let id: number | null = null
  const begin = async () => {
    if (id !== null) return
    const { ingestId, unitNo } = ref
    const who = { attempt: attemptNo, instance, worker }
    const written = await noteAttempt(db, { ingestId, unitNo, ...who, alone: solo.isExclusive })
    id = written
    solo.onShared = () => noteCompany(db, written).catch(() => {})
  }
  try {
    const result = await work({ begin, id: () => id as number })
    await clearNotes(db, ref)
    return result
  } catch (error) {
    // Should the database be away: this process lives, which tells the next attempt the same.
    if (id !== null) await takeBackNote(db, id).catch(() => {})
    throw error
  }
}

interface Case {
  suspicion: Suspicion
  note: Note
}

/** @returns null when it is to be loaded: it is smaller now, or has not killed often enough */
const divide = (
  attempt: Attempt,
  ref: UnitRef,
  { suspicion, note }: Case,
): Promise<LoadedUnit | null> =>
  alone(
    attempt.db,
    { ingestId: ref.ingestId, what: `load ${ref.unitNo}`, signal: attempt.signal },
    (tx) => lockUnit(tx, ref),
    async (tx, entry) => {
      if (entry.receipt) return withParts(entry.receipt, entry)
      mustNotBePaused(ref, entry.state)
      await note.begin()
      const { unit } = entry
      const { deathsAlone } = suspicion
      const bytes = await openUnit(attempt, tx, ref, entry)
      const read = bytes.slice.bind(bytes)
      // Perhaps it is enough to read it.
      const isUnreadable = deathsAlone > deathsAloneMax && itemCount(unit) <= 1
      const parts = isUnreadable ? [unit] : await partsOf(unit, read, partsMax)
      if (parts.length > 1) {
        attempt.log.warn(
          { event: 'split', ...ref, parts: parts.length },
          `unit ${ref.unitNo} of ${ref.ingestId} killed workers: in ${parts.length} parts now`,
        )
        await splitUnit(tx, ref, { parts, ownNote: note.id() })
        return null
      }
      if (deathsAlone < deathsAloneMax) return null
      const culprit = isUnreadable ? null : await firstItem(itemsOf(unit, read))
      return giveUp(attempt, tx, ref, { entry, bytes, culprit })
    },
  )

export const withParts = (receipt: Receipt, { parts }: { parts: number }): LoadedUnit =>
  parts > 0 ? { ...receipt, unitsAdded: parts } : receipt

async function openUnit(
  { stage }: Attempt,
  tx: Connection,
  { ingestId }: UnitRef,
  { unit }: UnitEntry,
): Promise<UnitBytes> {
  const fileNos = [...unit.splits, ...unit.flaws].map(({ fileNo }) => fileNo)
  const files = await readFiles(tx, ingestId, [...new Set(fileNos)])
  return new UnitBytes(stage, ingestId, unit, files)
}

async function firstItem(items: AsyncIterable<Item>): Promise<Item | null> {
  for await (const item of items) return item
  return null
}

/** The culprit of a unit that has no other record; null when reading it kills the process. */
interface Culprit {
  entry: UnitEntry
  bytes: UnitBytes
  culprit: Item | null
}

/** @throws poison_over_max */
async function giveUp(
  { log, worker, attemptNo }: Attempt,
  tx: Connection,
  ref: UnitRef,
  { entry, bytes, culprit }: Culprit,
): Promise<LoadedUnit> {
  const { unit } = entry
  if ((await countRejects(tx, ref.ingestId, poisonCode)) >= poisonMax) {
    throw sluiceError('poison_over_max', { max: poisonMax })
  }
  const rejects = itemCount(unit) === 0 ? [] : [await rejectOf(bytes, culprit)]
  await keepRejects(tx, ref, rejects, (fileNo) => bytes.nameOf(fileNo))
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

async function rejectOf(bytes: UnitBytes, culprit: Item | null): Promise<Reject> {
  const { splits, flaws } = bytes.unit
  const fileNo = culprit?.fileNo ?? splits[0]?.fileNo ?? flaws[0]?.fileNo ?? 0
  const line = culprit?.line ?? flaws[0]?.line ?? (splits[0]?.lines ?? 0) + 1
  const raw = culprit ? trimLineEnd(await bytes.flaw(culprit, rawBytesMax)) : Buffer.alloc(0)
  const why = rejectReason('poison_record', { deaths: deathsAloneMax })
  return { fileNo, line, column: null, ...why, raw }
}
