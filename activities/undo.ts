/**
 * undo: the rows of an ingest leave its target, exactly once.
 *
 * One transaction that only one attempt can be in: rows, what was kept for it, and the state of the
 * ingest change together. A later attempt finds the ingest undone and returns what that came to.
 */
import { parseTableName } from '../src/domain/table.ts'
import type { UndoInput, Undone } from '../src/domain/undo.ts'
import type { Connection } from '../src/postgres/db.ts'
import type { IngestEntry } from '../src/postgres/ledger/ingests.ts'
import { readUndone, recordUndone } from '../src/postgres/ledger/undone.ts'
import { mustBeUndoable, readUndo } from '../src/postgres/undo/entry.ts'
import { dropKept } from '../src/postgres/undo/forget.ts'
import { takeBack } from '../src/postgres/undo/takeBack.ts'
import type { FullTarget } from '../src/spec/target.ts'
import type { Attempt, Limited } from './attempt/attempt.ts'
import { underLock } from './attempt/underLock.ts'

export const undoIngest = (attempt: Attempt, { ingestId }: UndoInput & Limited): Promise<Undone> =>
  underLock(attempt, { ingestId, what: 'undo' }, async (tx, ingest) => {
    const done = await readUndone(tx, ingestId)
    return done ? countsOf(done) : undo(attempt, tx, ingestId, ingest)
  })

const countsOf = ({ rowsRemoved, rowsRestored, rowsKept, tableDropped }: Undone): Undone => ({
  rowsRemoved,
  rowsRestored,
  rowsKept,
  tableDropped,
})

async function undo(
  { worker, attemptNo }: Attempt,
  tx: Connection,
  ingestId: string,
  { spec, state }: IngestEntry,
): Promise<Undone> {
  const found = await readUndo(tx, ingestId)
  const entry = mustBeUndoable(ingestId, { state, target: spec.target }, found)
  const target = parseTableName((spec.target as FullTarget).table)
  const { undone, found: survey } = await takeBack(tx, ingestId, { target, entry })
  await dropKept(tx, ingestId)
  await recordUndone(tx, ingestId, {
    undone,
    kept: survey.kept,
    rowsLoaded: survey.rowsAdded,
    rowsBefore: survey.before?.rows ?? 0,
    by: { worker, attempt: attemptNo },
  })
  return undone
}
