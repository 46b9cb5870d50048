/**
 * A stage in an S3-compatible store. All that it knows lies in the bucket, below its prefix:
 * `ingests/<id>/` for each ingest, `uploads/<name>/` and `ledgers/<id>`.
 */
import { createHash, randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import type { UploadLimits } from '../../domain/upload.ts'
import type { Stage } from '../stage.ts'
import type { Bucket } from './bucket.ts'
import { Sending } from './partWriter.ts'
import { openScratch } from './scratch.ts'
import { s3Spool } from './spool.ts'
import { folderOf, StagedFiles } from './staged.ts'
import { s3Uploads } from './uploads.ts'

const readBytes = 1024 * 1024

export function s3Stage(bucket: Bucket, { uploads }: { uploads?: UploadLimits } = {}): Stage {
  const store = { bucket, sending: new Sending() }
  const files = new StagedFiles(store)
  return {
    put: (file, bytes, tap) => files.put(file, bytes, tap),
    pin: async () => false,
    read: (file, range) => files.read(file, range),
    local: async () => null,
    scratch: openScratch,
    spool: (ingestId) => s3Spool(store, ingestId),
    async adopt(file, path) {
      const hash = createHash('sha256')
      const bytes = createReadStream(path, { highWaterMark: readBytes })
      const staged = await files.put(file, bytes, (chunk) => void hash.update(chunk))
      return { ...staged, sha256: hash.digest('hex') }
    },
    async remove({ ingestId, stagedAs }) {
      await bucket.clear(`${folderOf(ingestId)}${stagedAs}/`)
    },
    async clear(ingestId) {
      await bucket.clear(folderOf(ingestId))
    },
    async *folders() {
      for await (const ingestId of bucket.folders('ingests/')) {
        yield { ingestId, quietMs: () => quietMs(bucket, folderOf(ingestId)) }
      }
    },
    claim: (ledger) => claim(bucket, ledger),
    uploads: s3Uploads(store, uploads),
  }
}

async function quietMs(bucket: Bucket, folder: string): Promise<number> {
  let newestMs = 0
  // A store that tells no time has written everything just now.
  for await (const { modifiedMs } of bucket.list(folder)) {
    newestMs = Math.max(newestMs, modifiedMs || Date.now())
  }
  return Date.now() - newestMs
}

/** Whoever may do this may do all that a stage asks for: write, read, list and remove. */
async function claim(bucket: Bucket, ledger: string): Promise<number> {
  const what = 'its first object'
  const probe = `ledgers/.probe-${randomUUID()}`
  await bucket.put(probe, Buffer.from('sluice'), what)
  await bucket.get(probe, what)
  await bucket.remove(probe)
  await bucket.put(`ledgers/${ledger}`, Buffer.from('sluice'), what)
  let ledgers = 0
  for await (const { key } of bucket.list('ledgers/')) if (!key.includes('/.')) ledgers++
  return ledgers
}
