/** The servers that cells stand on: shared ones, or some of one's own that may be killed. */
import { randomInt } from 'node:crypto'
import { join } from 'node:path'
import type { Client } from '@temporalio/client'
import type { Closing } from '../bench/closing.ts'
import { freePort } from '../src/dev/port.ts'
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
  const home = join(ground.folder, `${name}-postgres`)
  const port = await quietPort()
  const start = mortal(ground.closing, () => startPostgres({ home, port }))
  let postgres = await start()
  const { adminUrl: url } = postgres
  return {
    ...ground,
    databaseUrl: url,
    async crashPostgres(whileDown) {
      await postgres.kill()
      await whileDown?.()
      postgres = await start()
      mustBeSame(postgres.adminUrl, url)
    },
  }
}

/** The same ground, with a Temporal that may be killed. */
export async function withOwnTemporal(ground: Ground, name: string): Promise<Ground> {
  const home = join(ground.folder, `${name}-temporal`)
  const port = await quietPort()
  const start = mortal(ground.closing, () => startTemporal({ home, headless: true, port }))
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
      temporal = await start()
      mustBeSame(temporal.address, address)
    },
  }
}

/** Others on the machine look for a port from the usual one on: they must not find ours free. */
const quietPort = (): Promise<number> => freePort(randomInt(15_000, 30_000))

function mustBeSame(address: string, earlier: string): void {
  if (address !== earlier) throw new Error('Somebody took the port of a server that was down.')
}

/** One that is started again and again; the last one is stopped when all is closed. */
function mortal<T extends { stop(): Promise<void> }>(
  closing: Closing,
  start: () => Promise<T>,
): () => Promise<T> {
  let last: Promise<T> | null = null
  const stop = async () => (await last?.catch(() => null))?.stop()
  // Once, and first: whatever stands on it is closed before.
  closing.add(stop)
  return () => {
    last = start()
    if (closing.begun) closing.add(stop)
    return last
  }
}
