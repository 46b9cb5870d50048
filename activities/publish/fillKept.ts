/** Rows go into a target that is there, and what an undo needs of them is kept along with them. */
import type { SluiceError } from '../../src/errors.ts'
import type { Connection } from '../../src/postgres/db.ts'
import { modes } from '../../src/postgres/modes/index.ts'
import { dropKept } from '../../src/postgres/undo/forget.ts'
import { createKept, type Keep } from '../../src/postgres/undo/keep.ts'
import { createKeys, enterUndo, keyColumns } from '../../src/postgres/undo/written.ts'
import type { FullTarget } from '../../src/spec/target.ts'
import type { Attempt } from '../attempt/attempt.ts'
import { fillTarget } from './fill.ts'
import type { Filling, Moved, Publishing } from './filling.ts'

interface Kept extends Omit<Filling, 'keep'> {
  /** The ingest has made the table. */
  made: boolean
}

/** A mode that replaces all rows keeps those of before by itself. */
export async function fillKept(
  attempt: Attempt,
  tx: Connection,
  input: Publishing,
  { made, ...filling }: Kept,
): Promise<Moved | SluiceError> {
  const { ingestId } = input
  const { entry, target } = filling
  const into = entry.spec.target as FullTarget
  if (!into.undo || !modes[into.mode].keepsRows) return fillTarget(attempt, tx, input, filling)
  const keep = await keepOf(tx, ingestId, { target, into })
  const moved = await fillTarget(attempt, tx, input, { ...filling, ...(keep && { keep }) })
  if (moved instanceof Error) {
    await dropKept(tx, ingestId)
    return moved
  }
  const { keys = null, before } = keep ?? {}
  await enterUndo(tx, ingestId, { target, made, keys, byKey: before !== undefined, into })
  return moved
}

/** @returns null where rows are known by their transactions alone */
async function keepOf(
  tx: Connection,
  ingestId: string,
  { target, into }: Pick<Filling, 'target'> & { into: FullTarget },
): Promise<Keep | null> {
  const { undoKey } = modes[into.mode]
  if (undoKey) return createKept(tx, ingestId, { target, keys: undoKey(into) })
  const keys = await keyColumns(tx, target)
  return keys && { table: await createKeys(tx, ingestId, { target, keys }), keys }
}
