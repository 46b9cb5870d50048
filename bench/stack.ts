/** PostgreSQL and Temporal of the bench's own, in a temporary folder: the same for everybody. */
import { mkdtempSync } from 'node:fs'
import { chmod, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Client } from '@temporalio/client'
import { startPostgres } from '../src/dev/postgres.ts'
import { startTemporal } from '../src/dev/temporal.ts'
import { type Db, openDb } from '../src/postgres/db.ts'
import { migrate } from '../src/postgres/migrate.ts'
import { connectTemporal } from '../src/temporal/connect.ts'
import { ensureSearchAttributes } from '../src/temporal/searchAttributes.ts'
import type { Closing } from './closing.ts'

export interface Stack {
  db: Db
  client: Client
  databaseUrl: string
  temporalAddress: string
  postgresPid: number
  temporalPid: number
  /** For the bench's own files; gone at the end. */
  folder: string
  stageDir: string
  closing: Closing
}

/** @param name of its folder */
export async function openStack(closing: Closing, name = 'bench'): Promise<Stack> {
  const folder = mkdtempSync(join(tmpdir(), `sluice-${name}-`))
  closing.add(() => rm(folder, { recursive: true, force: true }))
  // As root PostgreSQL runs as another user, who must be able to enter.
  await chmod(folder, 0o755)
  const [postgres, temporal] = await Promise.all([
    closing.addStarting(startPostgres({ home: join(folder, 'postgres') }), (it) => it.stop()),
    closing.addStarting(startTemporal({ home: join(folder, 'temporal'), headless: true }), (it) =>
      it.stop(),
    ),
  ])
  closing.watch('PostgreSQL', postgres.exited)
  closing.watch('Temporal', temporal.exited)
  const db = openDb(postgres.adminUrl, { max: 4, name: 'bench' })
  closing.add(() => db.end())
  await migrate(db)
  // Not closed but left to the end of the process: a call under way would throw from a timer.
  const client = await connectTemporal({ address: temporal.address, namespace: 'default' })
  await ensureSearchAttributes(client)
  return {
    db,
    client,
    databaseUrl: postgres.adminUrl,
    temporalAddress: temporal.address,
    postgresPid: postgres.pid,
    temporalPid: temporal.pid,
    folder,
    stageDir: join(folder, 'stage'),
    closing,
  }
}
