/** What a worker asks the Temporal server itself, over a connection that is opened when needed. */
import { Client } from '@temporalio/client'
import { NativeConnection } from '@temporalio/worker'
import type { TemporalServer } from '../settings/temporal.ts'
import { connectOptions } from '../temporal/connect.ts'

export interface LazyClient {
  get(): Promise<Client>
  close(): Promise<void>
}

export function lazyClient(server: TemporalServer): LazyClient {
  let connecting: Promise<NativeConnection> | null = null
  return {
    async get() {
      connecting ??= NativeConnection.connect(connectOptions(server))
      try {
        return new Client({ connection: await connecting, namespace: server.namespace })
      } catch (error) {
        // The next one tries again.
        connecting = null
        throw error
      }
    },
    async close() {
      await (await connecting?.catch(() => null))?.close()
    },
  }
}
