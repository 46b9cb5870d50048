/** One PostgreSQL and one Temporal for the whole test run, both real, both gone afterwards. */
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { startPostgres } from '../src/dev/postgres.ts'
import { startTemporal } from '../src/dev/temporal.ts'
import { workflowBundle } from '../src/worker/bundle.ts'

declare module 'vitest' {
  interface ProvidedContext {
    databaseUrl: string
    temporalAddress: string
  }
}

/** `DATABASE_URL` and `TEMPORAL_ADDRESS` replace the embedded ones, as for every command. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { DATABASE_URL: givenUrl, TEMPORAL_ADDRESS: givenAddress } = process.env
  const home = await mkdtemp(join(tmpdir(), 'sluice-test-'))
  // As root PostgreSQL runs as another user, who must be able to enter.
  await chmod(home, 0o755)
  const [postgres, temporal] = await Promise.all([
    givenUrl ? null : startPostgres({ home: join(home, 'postgres') }),
    givenAddress ? null : startTemporal({ home: join(home, 'temporal'), headless: true }),
    workflowBundle(),
  ])
  project.provide('databaseUrl', givenUrl ?? postgres?.url ?? '')
  project.provide('temporalAddress', givenAddress ?? temporal?.address ?? '')
  return async () => {
    await Promise.all([temporal?.stop(), postgres?.stop()])
    await rm(home, { recursive: true, force: true })
  }
}
