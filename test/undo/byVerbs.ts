/** Ingests that run as plain functions, without Temporal, and are retried and taken back so. */
import { createHash, randomUUID } from 'node:crypto'
import { beginIngest } from '../../activities/begin.ts'
import { retryRejects } from '../../activities/retry.ts'
import { undoIngest } from '../../activities/undo.ts'
import { smallBytesMax } from '../../src/domain/ingestInput.ts'
import type { Retried } from '../../src/domain/retry.ts'
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

/** Loads rejects again as they were corrected: a CSV with the columns file, line and raw. */
export async function retry(harness: Harness, ingestId: string, csv: string): Promise<Retried> {
  const name = `${randomUUID()}.csv`
  await harness.stage.uploads.put(name, once(csv))
  const sha256 = createHash('sha256').update(csv).digest('hex')
  const input = { ingestId, retryId: `retry-${name}`, upload: { name, sha256 } }
  return retryRejects(attemptOf(harness), input)
}

async function* once(text: string) {
  yield Buffer.from(text)
}

export const undo = (harness: Harness, ingestId: string, attemptNo = 1): Promise<Undone> =>
  undoIngest(attemptOf(harness, { attemptNo }), { ingestId })
