/** How API, command line and workers connect to Temporal. Workers have a connection of their own. */
import { Client, Connection } from '@temporalio/client'
import { toClientOptions } from '@temporalio/envconfig'
import { messageOf, sluiceError } from '../errors.ts'
import type { TemporalServer } from '../settings/temporal.ts'

/** Address, TLS, API key and metadata, as both kinds of connection take them. */
export function connectOptions(server: TemporalServer) {
  const { apiKey, tls, metadata } = toClientOptions(server).connectionOptions
  return {
    address: server.address,
    ...(apiKey !== undefined && { apiKey }),
    ...(tls !== undefined && { tls }),
    ...(metadata !== undefined && { metadata }),
  }
}

/** What the server said, if it said anything: the SDK tells only that it failed. */
function problemIn(error: unknown): string {
  const { details } = ((error as Error).cause ?? {}) as { details?: string }
  return details || messageOf(error)
}

/** @throws temporal_unavailable */
export async function connectTemporal(server: TemporalServer): Promise<Client> {
  const { address, namespace } = server
  try {
    const connection = await Connection.connect({
      ...connectOptions(server),
      connectTimeout: '10s',
    })
    return new Client({ connection, namespace })
  } catch (error) {
    throw sluiceError(
      'temporal_unavailable',
      { address, problem: problemIn(error) },
      { cause: error },
    )
  }
}
