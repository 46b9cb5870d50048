/**
 * Loads a unit that may have killed workers.
 *
 * A unit that has killed workers is split, its parts are loaded alone, and one that kills again is
 * split again, until the poison record is alone in its unit. It becomes a reject when it has killed
 * more workers that had nothing else in hand. All other records are loaded, once, as ever.
 */
import type { UnitRef } from '../../../src/domain/words.ts'
import { sluiceError } from '../../../src/errors.ts'
import { judgeAttempts } from '../../../src/postgres/ledger/attempts.ts'
import type { Attempt } from '../../attempt/attempt.ts'
import { RetryError } from '../../attempt/retry.ts'
import type { LoadedUnit } from '../loadedUnit.ts'
import { divide } from './divide.ts'
import { noted } from './note.ts'

/** Loads the unit once; `begin` is called when it has been locked. */
type LoadOnce = (begin: () => Promise<void>) => Promise<LoadedUnit>

interface Unit extends UnitRef {
  /** It is a part of a unit that killed workers. */
  isPart: boolean
}

/** For every attempt but the first, and for every part of a unit that was split. */
export async function loadCarefully(
  attempt: Attempt,
  { isPart, ...ref }: Unit,
  loadOnce: LoadOnce,
): Promise<LoadedUnit> {
  const earlier = await judgeAttempts(attempt.db, ref, attempt.instance)
  if (earlier.silent) throw silent(ref, earlier.silent)
  if (earlier.deaths === 0 && !earlier.isPart && !isPart) {
    const shared = { isExclusive: false, onShared: null }
    return noted(attempt, ref, shared, ({ begin }) => loadOnce(begin))
  }
  return attempt.exclusively((run) =>
    noted(attempt, ref, run, async (note) => {
      const given = earlier.deaths > 0 && (await divide(attempt, ref, { earlier, note }))
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
