/** Takes in the wish to load rejects again. */
import { createHash } from 'node:crypto'
import { type RetryInput, retryIdOf } from '../domain/retry.ts'
import { readIngest } from '../postgres/ledger/ingests.ts'
import { countOpen } from '../postgres/ledger/openRejects.ts'
import { mustBeOne } from '../postgres/ledger/parts.ts'
import { listRetries, mustBeRetryable } from '../postgres/ledger/retries.ts'
import { readUpload } from '../stage/readUpload.ts'
import { startRetry } from '../temporal/retries.ts'
import type { IngestsDeps } from './deps.ts'

const startTimeoutMs = 5000

/**
 * The same request is the same retry until one has loaded something.
 * @throws ingest_not_found, several_targets, upload_not_found, retry_too_early, retry_unpublished,
 *   rejects_none_open, temporal_unavailable
 */
export async function submitRetry(
  deps: IngestsDeps,
  ingestId: string,
  uploadName: string | null,
): Promise<RetryInput> {
  const { db, temporal } = deps
  const entry = await readIngest(db, ingestId)
  mustBeOne(ingestId, entry.spec, 'a retry of rejects')
  mustBeRetryable(ingestId, { ...entry, open: await countOpen(db, ingestId) })
  const upload = uploadName === null ? null : await hashOf(deps, uploadName)
  const done = await listRetries(db, ingestId)
  const input = { ingestId, retryId: retryIdOf(done.length, upload), upload }
  const deadline = Date.now() + startTimeoutMs
  await temporal.withDeadline(deadline, () => startRetry(temporal, input, entry))
  return input
}

async function hashOf(
  { stage }: IngestsDeps,
  name: string,
): Promise<NonNullable<RetryInput['upload']>> {
  const hash = createHash('sha256')
  for await (const bytes of readUpload(stage.uploads, name)) hash.update(bytes)
  return { name, sha256: hash.digest('hex') }
}
