/** Makes a unit that killed workers smaller, until the record that kills is alone in it. */
import type { UnitRef } from '../../../src/domain/words.ts'
import type { Connection } from '../../../src/postgres/db.ts'
import type { EarlierAttempts } from '../../../src/postgres/ledger/attempts.ts'
import { readFiles } from '../../../src/postgres/ledger/files.ts'
import { splitUnit } from '../../../src/postgres/ledger/poison.ts'
import { lockUnit, type UnitEntry } from '../../../src/postgres/ledger/units.ts'
import { alone } from '../../../src/postgres/sessions.ts'
import { UnitBytes } from '../../../src/stage/unitBytes.ts'
import { type Attempt, mustNotBePaused } from '../../attempt/attempt.ts'
import { type LoadedUnit, withParts } from '../loadedUnit.ts'
import { type Item, itemCount, itemsOf, partsOf } from '../parts.ts'
import { deathsAloneMax, giveUp } from './giveUp.ts'
import type { Note } from './note.ts'

const partsMax = 16

interface Divided {
  earlier: EarlierAttempts
  note: Note
}

/**
 * Splits the unit, or gives its only record up.
 * @returns null when it is to be loaded: it is smaller now, or has not killed often enough
 */
export const divide = (
  attempt: Attempt,
  ref: UnitRef,
  { earlier, note }: Divided,
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
      const { deathsAlone } = earlier
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
      const record = isUnreadable ? null : await firstItem(itemsOf(unit, read))
      return giveUp(attempt, tx, ref, { entry, bytes, record })
    },
  )

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
