/** What modes that find rows by a key have in common. */
import type { Connection } from '../db.ts'
import { addPrimaryKey } from '../target/landing.ts'
import { lockPatiently } from '../target/patientLock.ts'
import { keyOf } from './key.ts'
import type { Filling, Mode } from './mode.ts'

export const keyed = {
  // Keeps others from altering the table; they write it until keys are settled.
  lock: 'share update exclusive',
  keepsRows: true,
  isKeyed: true,
  undoKey: keyOf,
  addKey: (tx, target, into) => addPrimaryKey(tx, target, keyOf(into)),
  mayTakePlace: () => false,
  notes: async () => [],
  makeRoom: async () => {},
  fillsBy: async () => 'rows',
} as const satisfies Partial<Mode>

/**
 * Keeps writers away until the commit, so that no key appears between the look for it and its row, and
 * no row changes that was compared. Readers go on.
 * @throws too_busy
 */
export async function keepWritersOut(
  tx: Connection,
  { target, there, onWait }: Pick<Filling, 'target' | 'there' | 'onWait'>,
): Promise<void> {
  await lockPatiently(tx, target, 'share row exclusive', { only: !there.partitioned, onWait })
}
