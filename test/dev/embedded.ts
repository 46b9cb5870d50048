/** Real servers in folders of their own, removed after each test of a file. */
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterEach } from 'vitest'
import { freePort } from '../../src/dev/port.ts'
import {
  type EmbeddedPostgres,
  type PostgresOptions,
  startPostgres,
} from '../../src/dev/postgres.ts'

/** A far-off wanted port: other servers may run on this machine. */
export const anyPort = () => freePort(20_000 + Math.floor(Math.random() * 10_000))

export async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}

/** What is begun with it ends after the test. Call it once in a file. */
export function embedded() {
  const undo: (() => Promise<unknown>)[] = []
  afterEach(async () => {
    for (const step of undo.splice(0).reverse()) await step()
  })
  return {
    onEnd: (step: () => Promise<unknown>) => void undo.push(step),
    /** A home that the user of the server can enter. */
    async newHome(): Promise<string> {
      const folder = await mkdtemp(join(tmpdir(), 'sluice-postgres-'))
      undo.push(() => rm(folder, { recursive: true, force: true }))
      await chmod(folder, 0o755)
      return join(folder, 'postgres')
    },
    async start(options: PostgresOptions): Promise<EmbeddedPostgres> {
      const starting = startPostgres(options)
      undo.push(() => starting.then((server) => server.kill()).catch(() => {}))
      return await starting
    },
  }
}
