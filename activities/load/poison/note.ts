/** The note of an attempt in the ledger: it is left there when the attempt ends with its process. */
import type { UnitRef } from '../../../src/domain/words.ts'
import {
  clearNotes,
  noteAttempt,
  noteCompany,
  takeBackNote,
} from '../../../src/postgres/ledger/attempts.ts'
import type { Attempt } from '../../attempt/attempt.ts'
import type { ExclusiveRun } from '../../attempt/exclusive.ts'

export interface Note {
  /** Writes it, once. */
  begin: () => Promise<void>
  id: () => number
}

/** Runs work whose note lasts until the attempt has ended in order, well or badly. */
export async function noted<T>(
  { db, instance, worker, attemptNo }: Attempt,
  ref: UnitRef,
  run: ExclusiveRun,
  work: (note: Note) => Promise<T>,
): Promise<T> {
  let id: number | null = null
  const begin = async () => {
    if (id !== null) return
    const who = { attempt: attemptNo, instance, worker }
    const written = await noteAttempt(db, { ...ref, ...who, alone: run.isExclusive })
    id = written
    run.onShared = () => noteCompany(db, written).catch(() => {})
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
