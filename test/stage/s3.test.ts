/** A stage in S3: as every stage, in a real server, and in one whose ETags are no hashes and whose lists are short. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { createTransport } from '../../src/http/transport.ts'
import { fixedLogin } from '../../src/s3/credentials.ts'
import { openBucket } from '../../src/stage/s3/bucket.ts'
import { s3Stage } from '../../src/stage/s3/stage.ts'
import { startFakeS3 } from '../s3/fakeS3.ts'
import { startRclone } from '../s3/rclone.ts'
import { keys } from '../s3/signature.ts'
import { conformsAsStage } from './conformance.ts'
import type { StageUnderTest } from './underTest.ts'

const transport = createTransport({ allowPrivate: [] })
const [rclone, fake] = await Promise.all([
  startRclone({ isWrittenTo: false }),
  startFakeS3({ pageSize: 2 }),
])
await mkdir(join(rclone.folder, 'bucket'))
afterAll(async () => {
  await transport.close()
  await Promise.all([rclone.close(), fake.close()])
})

function underTest(endpoint: string, prefix: string): StageUnderTest {
  const store = { endpoint, isPathStyle: true, login: fixedLogin(keys), requesterPays: false }
  const bucket = openBucket(`s3://bucket/${prefix}`, store, transport)
  return {
    open: (options) => s3Stage(bucket, options),
    async left(ingestId) {
      const found: string[] = []
      const begin = `ingests/${ingestId}/`
      for await (const { key } of bucket.list(begin)) found.push(key.slice(begin.length))
      return found
    },
    async overwrite(ingestId, name) {
      const sizeBytes = Number(/-(\d+)$/.exec(name)?.[1] ?? 10)
      await bucket.put(`ingests/${ingestId}/${name}`, Buffer.alloc(sizeBytes, 'x'), name)
    },
    remove: (ingestId, name) => bucket.remove(`ingests/${ingestId}/${name}`),
  }
}

conformsAsStage('a stage in rclone', async () => underTest(rclone.endpoint, 'stage/one/'))
conformsAsStage('a stage in a store with short lists', async () => underTest(fake.endpoint, ''))
