/** Opens the stage that is set. One more kind of stage is a file of its own, and a line here. */
import type { Connections } from '../connections/index.ts'
import { storeOf } from '../connections/s3.ts'
import type { UploadLimits } from '../domain/upload.ts'
import { sluiceError } from '../errors.ts'
import type { Transport } from '../http/transport.ts'
import { isInStore, type StageSetting } from '../settings/stage.ts'
import { localStage } from './local.ts'
import { openBucket } from './s3/bucket.ts'
import { s3Stage } from './s3/stage.ts'
import type { Stage } from './stage.ts'

interface StageDeps {
  connections: Connections
  transport: Transport
  /** How much clients may send; as much as they like if absent. */
  uploads?: UploadLimits
}

/** @throws variable_invalid, url_invalid, connection_unknown, connection_invalid */
export async function openStage(
  setting: StageSetting,
  { connections, transport, uploads }: StageDeps,
): Promise<Stage> {
  const { at, connection } = setting
  const limits = uploads && { uploads }
  if (!isInStore(setting)) return localStage(at, limits)
  if (!/^s3:/i.test(at)) {
    const problem = 'give a folder, or a bucket as in s3://bucket/prefix'
    throw sluiceError('variable_invalid', { name: 'SLUICE_STAGE', value: at, problem })
  }
  const given = connection === undefined ? null : await connections.get(connection, 's3')
  return s3Stage(openBucket(at, storeOf(given, connections.variable), transport), limits)
}
