/** Retries of rejects, started as the API does it. */
import { createHash, randomBytes } from 'node:crypto'
import { type Retried, type RetryInput, retryIdOf } from '../src/domain/retry.ts'
import { readIngest } from '../src/postgres/ledger/ingests.ts'
import { listRetries } from '../src/postgres/ledger/retries.ts'
import { startRetry } from '../src/temporal/retries.ts'
import type { Harness } from './harness.ts'

export async function beginRetry(
  built: Harness,
  ingestId: string,
  corrected?: string,
): Promise<RetryInput> {
  const name = `fixed-${randomBytes(4).toString('hex')}.csv`
  if (corrected !== undefined) await built.stage.uploads.put(name, once(corrected))
  const sha256 = createHash('sha256')
    .update(corrected ?? '')
    .digest('hex')
  const upload = corrected === undefined ? null : { name, sha256 }
  const done = await listRetries(built.db, ingestId)
  const order = { ingestId, retryId: retryIdOf(done.length, upload), upload }
  await startRetry(built.client, order, await readIngest(built.db, ingestId))
  return order
}

async function* once(text: string) {
  yield Buffer.from(text)
}

export async function retryAll(
  built: Harness,
  ingestId: string,
  corrected?: string,
): Promise<Retried> {
  const { retryId } = await beginRetry(built, ingestId, corrected)
  return built.client.workflow.getHandle(`${ingestId}.${retryId}`).result()
}
