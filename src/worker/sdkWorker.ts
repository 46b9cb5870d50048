/** A worker of the SDK: it takes tasks of one queue over a connection of its own. */
import { NativeConnection, TransportError, Worker, type WorkerOptions } from '@temporalio/worker'
import { messageOf, sluiceError } from '../errors.ts'
import type { TemporalServer } from '../settings/temporal.ts'
import { connectOptions } from '../temporal/connect.ts'

export type SdkOptions = Omit<WorkerOptions, 'taskQueue' | 'connection'>

export interface SdkWorker {
  worker: Worker
  /**
   * Resolves when nothing of it runs any more.
   * @throws temporal_unavailable, namespace_unknown
   */
  ended: Promise<void>
}

/**
 * A connection each: one connection cannot have two SDK workers for a queue, of which one ends.
 * @throws temporal_unavailable, namespace_unknown
 */
export async function startSdkWorker(
  server: TemporalServer,
  queue: string,
  options: SdkOptions,
): Promise<SdkWorker> {
  const { address } = server
  const connection = await connect(server)
  const worker = await Worker.create({ ...options, connection, taskQueue: queue }).catch(
    async (error) => {
      await connection.close()
      throw serverError(error, address)
    },
  )
  const run = worker.run().finally(() => connection.close())
  const ended = run.catch((error) => {
    throw serverError(error, address)
  })
  return { worker, ended }
}

async function connect(server: TemporalServer): Promise<NativeConnection> {
  try {
    return await NativeConnection.connect(connectOptions(server))
  } catch (error) {
    throw unavailable(error, server.address)
  }
}

/** The SDK tells of a missing namespace by message only. */
function serverError(error: unknown, address: string): unknown {
  if (!(error instanceof TransportError)) return error
  const [, namespace] = /^Namespace (\S+) was not found/.exec(error.message) ?? []
  if (!namespace) return unavailable(error, address)
  return sluiceError('namespace_unknown', { address, namespace }, { cause: error })
}

const unavailable = (error: unknown, address: string): Error =>
  sluiceError('temporal_unavailable', { address, problem: messageOf(error) }, { cause: error })
