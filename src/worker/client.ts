/** What a worker asks the Temporal server itself, over a connection that is opened when needed. */
import { Client } from '@temporalio/client'
import { NativeConnection } from '@temporalio/worker'
import type { TemporalAddress } from '../temporal/connect.ts'

export interface LazyClient {
  get(): Promise<Client>
  close(): Promise<void>
}

export function lazyClient({ address, namespace }: TemporalAddress): LazyClient {
  let connecting: Promise<NativeConnection> | null = null
  return {
    async get() {
      connecting ??= NativeConnection.connect({ address })
      try {
        return new Client({ connection: await connecting, namespace })
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
