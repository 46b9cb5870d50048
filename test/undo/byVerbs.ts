/** Ingests that run as plain functions, without Temporal, and are taken back so. */
import { randomUUID } from 'node:crypto'
import { beginIngest } from '../../activities/begin.ts'
import { undoIngest } from '../../activities/undo.ts'
import { smallBytesMax } from '../../src/domain/ingestInput.ts'
import type { Undone } from '../../src/domain/undo.ts'
import { enterIngest } from '../../src/postgres/ledger/ingests.ts'
import { fullSpec, type IngestSpec } from '../../src/spec/spec.ts'
import { attemptOf } from '../activities/attempt.ts'
import type { Harness } from '../harness.ts'

type Into = NonNullable<IngestSpec['target']>

/** Brings a CSV into a table, in one small ingest that can be taken back unless it says otherwise. */
export async function bring(harness: Harness, csv: string, into: Into): Promise<string> {
  const ingestId = `${harness.queue}-${randomUUID().slice(0, 8)}`
  const path = await harness.file(`${ingestId}.csv`, csv)
  const spec = fullSpec({
    source: { kind: 'directory', path },
    target: { undo: true, ...into },
    rejects: { max: '100%' },
  })
  await enterIngest(harness.db, { ingestId, spec, target: into.table })
  const { counts } = await beginIngest(attemptOf(harness), { ingestId, smallBytesMax })
  if (!counts) throw new Error(`${ingestId} is not completed`)
  return ingestId
}

export const undo = (harness: Harness, ingestId: string, attemptNo = 1): Promise<Undone> =>
  undoIngest(attemptOf(harness, { attemptNo }), { ingestId })
