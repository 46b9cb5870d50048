/** Takes in the wish to take an ingest back, or shows what it would come to. */
import { parseTableName } from '../domain/table.ts'
import { transaction } from '../postgres/db.ts'
import { readIngest } from '../postgres/ledger/ingests.ts'
import { mustBeOne } from '../postgres/ledger/parts.ts'
import { mustBeUndoable, readUndo } from '../postgres/undo/entry.ts'
import { survey } from '../postgres/undo/survey.ts'
import type { FullTarget } from '../spec/target.ts'
import { startUndo } from '../temporal/undos.ts'
import type { IngestsDeps } from './deps.ts'
import { planned, type UndoNow } from './undoView.ts'

const startTimeoutMs = 5000

/**
 * Starts it once: one that runs is the same, and one that is done is found in the ledger.
 * @throws ingest_not_found, undo_too_early, undo_not_asked, undo_expired, undo_unpublished,
 *   undo_impossible, temporal_unavailable
 */
export async function submitUndo({ db, temporal }: IngestsDeps, ingestId: string): Promise<void> {
  const ingest = await readIngest(db, ingestId)
  const { spec, state } = ingest
  if (state === 'undone') return
  mustBeOne(ingestId, spec, 'an undo')
  const found = await transaction(db, (tx) => readUndo(tx, ingestId))
  mustBeUndoable(ingestId, { state, target: spec.target }, found)
  const deadline = Date.now() + startTimeoutMs
  await temporal.withDeadline(deadline, () => startUndo(temporal, { ingestId }, ingest))
}

/**
 * Counts what would become of which rows, and changes nothing.
 * @throws ingest_not_found, undo_too_early, undo_not_asked, undo_expired, undo_unpublished,
 *   undo_impossible
 */
export async function planUndo({ db }: IngestsDeps, ingestId: string): Promise<UndoNow> {
  const { spec, state } = await readIngest(db, ingestId)
  mustBeOne(ingestId, spec, 'an undo')
  return transaction(db, async (tx) => {
    await tx.query('set transaction read only; set local row_security = off')
    const found = await readUndo(tx, ingestId)
    const entry = mustBeUndoable(ingestId, { state, target: spec.target }, found)
    const target = parseTableName((spec.target as FullTarget).table)
    return planned(ingestId, await survey(tx, ingestId, { target, entry }))
  })
}
