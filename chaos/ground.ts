/** The servers that cells stand on: shared ones, or some of one's own that may be killed. */
import { join } from 'node:path'
import type { Client } from '@temporalio/client'
import type { Closing } from '../bench/closing.ts'
import { startPostgres } from '../src/dev/postgres.ts'
import { startTemporal } from '../src/dev/temporal.ts'
import { connectTemporal } from '../src/temporal/connect.ts'

/** SIGKILL, then started again on the same home and port. */
export type Crash = (whileDown?: () => Promise<void>) => Promise<void>

export interface Ground {
  /** Any database of the server. */
  databaseUrl: string
  temporalAddress: string
  client: Client
  /** For files; gone at the end. */
  folder: string
  closing: Closing
  /** Only where the server is nobody else's. */
  crashPostgres?: Crash
  crashTemporal?: Crash
}

/** The same ground, with a PostgreSQL that may be killed. */
export async function withOwnPostgres(ground: Ground, name: string): Promise<Ground> {
  const { closing, folder } = ground
  const home = join(folder, `${name}-postgres`)
  const start = (port?: number) =>
    closing.addStarting(startPostgres({ home, ...(port !== undefined && { port }) }), (it) =>
      it.stop(),
    )
  let postgres = await start()
  return {
    ...ground,
    databaseUrl: postgres.url,
    async crashPostgres(whileDown) {
      await postgres.kill()
      await whileDown?.()
      postgres = await start(postgres.port)
    },
  }
}

/** The same ground, with a Temporal that may be killed. */
export async function withOwnTemporal(ground: Ground, name: string): Promise<Ground> {
  const { closing, folder } = ground
  const home = join(folder, `${name}-temporal`)
  const start = (port?: number) =>
    closing.addStarting(
      startTemporal({ home, headless: true, ...(port !== undefined && { port }) }),
      (it) => it.stop(),
    )
  let temporal = await start()
  const { address } = temporal
  return {
    ...ground,
    temporalAddress: address,
    // Not closed but left to the end of the process: a call under way would throw from a timer.
    client: await connectTemporal({ address, namespace: 'default' }),
    async crashTemporal(whileDown) {
      await temporal.kill()
      await whileDown?.()
      temporal = await start(Number(address.split(':').at(-1)))
    },
  }
}
