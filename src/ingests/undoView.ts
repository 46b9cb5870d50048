/** How the API shows that an ingest is taken back: the ledger's part once it is, Temporal's before. */
import { type Static, Type } from 'typebox'
import { count, orNull, time } from '../domain/schema.ts'
import { type Buckets, type KeptRow, undoWorkflowId } from '../domain/undo.ts'
import { sluiceError } from '../errors.ts'
import { mustExist } from '../postgres/ledger/ingests.ts'
import { readUndone, type UndoneView } from '../postgres/ledger/undone.ts'
import { servedQueues } from '../postgres/ledger/workers.ts'
import { viewWorkflow } from '../temporal/ingests.ts'
import { failureOf } from '../temporal/retries.ts'
import type { IngestsDeps } from './deps.ts'

export const UndoNow = Type.Object({
  ingest: Type.String(),
  state: Type.Enum(['planned', 'running', 'completed', 'failed'], {
    description: '`planned` for a dry run, which changes nothing.',
  }),
  rowsRemoved: count('Rows of the ingest that go.'),
  rowsRestored: count('Rows that come back as they were before the ingest.'),
  rowsKept: count('Rows that stay: changed or deleted since, or of before and their key is taken.'),
  kept: Type.Array(
    Type.Object({
      key: Type.Record(Type.String(), Type.Unknown(), {
        description: 'Its key: that of the mode, or its primary key.',
      }),
      why: Type.Enum(['changed', 'deleted', 'taken'], {
        description: '`taken`: a row of before does not come back, for another one has its key.',
      }),
    }),
    { description: 'The first of the rows that stay, where they have a key.' },
  ),
  tableDropped: Type.Boolean({
    description: 'The ingest had made the table, and no other row was in it.',
  }),
  error: orNull(
    Type.Object({ code: Type.String(), message: Type.String(), hint: orNull(Type.String()) }),
  ),
  waiting: orNull(Type.String({ description: 'Which task queue no living worker serves.' })),
  undoneAt: orNull(time('When the rows went.')),
  links: Type.Object({ self: Type.String(), ingest: Type.String() }),
})
export type UndoNow = Static<typeof UndoNow>

const pending = (ingestId: string): UndoNow => {
  const ingest = `/v1/ingests/${ingestId}`
  return {
    ingest: ingestId,
    state: 'running',
    ...{ rowsRemoved: 0, rowsRestored: 0, rowsKept: 0, kept: [], tableDropped: false },
    ...{ error: null, waiting: null, undoneAt: null },
    links: { self: `${ingest}/undo`, ingest },
  }
}

interface Found extends Buckets {
  kept: KeptRow[]
  isAllOurs: boolean
}

export function planned(ingestId: string, found: Found): UndoNow {
  const { rowsRemoved, rowsRestored, rowsKept, kept, isAllOurs: tableDropped } = found
  const buckets = { rowsRemoved, rowsRestored, rowsKept, kept, tableDropped }
  return { ...pending(ingestId), state: 'planned', ...buckets }
}

const showUndone = (ingestId: string, { undoneAt, ...undone }: UndoneView): UndoNow => ({
  ...pending(ingestId),
  state: 'completed',
  ...undone,
  undoneAt: undoneAt.toISOString(),
})

/** @throws ingest_not_found, undo_not_found, temporal_unavailable */
export async function viewUndo(deps: IngestsDeps, ingestId: string): Promise<UndoNow> {
  const { db, temporal } = deps
  await mustExist(db, ingestId)
  const done = await readUndone(db, ingestId)
  if (done) return showUndone(ingestId, done)
  const id = undoWorkflowId(ingestId)
  const workflow = await viewWorkflow(temporal, id)
  if (!workflow) throw sluiceError('undo_not_found', { ingestId })
  if (workflow.status === 'RUNNING') {
    const isWaiting = !(await servedQueues(db)).has(workflow.queue)
    const waiting = isWaiting ? `waiting for a worker on queue ${workflow.queue}` : null
    return { ...pending(ingestId), waiting }
  }
  // It may have committed since we looked.
  const late = await readUndone(db, ingestId)
  if (late) return showUndone(ingestId, late)
  // That of an earlier ingest of this id went well.
  if (workflow.status === 'COMPLETED') throw sluiceError('undo_not_found', { ingestId })
  const ended = `its workflow is ${workflow.status} in Temporal`
  const unknown = { code: 'unexpected', message: ended, hint: null }
  return {
    ...pending(ingestId),
    state: 'failed',
    error: (await failureOf(temporal, id)) ?? unknown,
  }
}
