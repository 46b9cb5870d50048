/** A stage in S3 for the tests, and what workers find it by. */
import { createTransport } from '../../src/http/transport.ts'
import { fixedLogin } from '../../src/s3/credentials.ts'
import { openBucket } from '../../src/stage/s3/bucket.ts'
import { s3Stage } from '../../src/stage/s3/stage.ts'
import type { TestStage } from '../harness.ts'
import { keys } from '../s3/signature.ts'

const address = 's3://bucket/stage'

export function stageIn(endpoint: string): TestStage {
  const store = { endpoint, isPathStyle: true, login: fixedLogin(keys), requesterPays: false }
  return {
    stage: s3Stage(openBucket(address, store, createTransport({ allowPrivate: [] }))),
    env: {
      SLUICE_STAGE: address,
      SLUICE_STAGE_CONNECTION: 'stage',
      SLUICE_CONNECTION_STAGE: JSON.stringify({ kind: 's3', endpoint, ...keys }),
    },
  }
}
