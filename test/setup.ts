/** One PostgreSQL and one Temporal for the whole test run, both real, both gone afterwards. */
import { chmod, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { databaseUrl, startPostgres } from '../src/dev/postgres.ts'
import { startTemporal } from '../src/dev/temporal.ts'
import { openDb } from '../src/postgres/db.ts'
import { migrate } from '../src/postgres/migrate.ts'
import { compile } from './compile.ts'
import { makeHome } from './home.ts'
import { warmUp } from './warmUp.ts'

declare module 'vitest' {
  interface ProvidedContext {
    databaseUrl: string
    /** A database with a ledger in it, which others are made from. */
    template: string
    temporalAddress: string
  }
}

/** Servers that tests kill are their own; this one need not outlive the machine. */
const notDurable = { fsync: 'off', full_page_writes: 'off', max_wal_size: '512MB' }

/** `DATABASE_URL` and `TEMPORAL_ADDRESS` replace the embedded ones, as for every command. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { DATABASE_URL: givenUrl, TEMPORAL_ADDRESS: givenAddress } = process.env
  // Whatever a test starts inherits it.
  const mark = `${process.pid}-${Date.now()}`
  process.env.SLUICE_TEST_RUN = mark
  // A sixth of what Temporal did was to collect garbage, and it is small.
  process.env.GOGC ??= '400'
  const home = await makeHome()
  process.env.TMPDIR = home
  // As root PostgreSQL runs as another user, who must be able to enter.
  await chmod(home, 0o755)
  const [postgres, temporal] = await Promise.all([
    givenUrl ? null : startPostgres({ home: join(home, 'postgres'), settings: notDurable }),
    givenAddress ? null : startTemporal({ home: join(home, 'temporal'), headless: true }),
    compile(),
  ])
  const adminUrl = givenUrl ?? postgres?.adminUrl ?? ''
  const template = await makeTemplate(adminUrl)
  const temporalAddress = givenAddress ?? temporal?.address ?? ''
  await warmUp({ databaseUrl: adminUrl, temporalAddress })
  project.provide('databaseUrl', adminUrl)
  project.provide('template', template.name)
  project.provide('temporalAddress', temporalAddress)
  return async () => {
    await template.drop()
    await Promise.all([temporal?.stop(), postgres?.stop()])
    await rm(home, { recursive: true, force: true })
    await mustBeGone(mark)
  }
}

/** The migrations are applied once, and not for each of the test files that want a database. */
async function makeTemplate(adminUrl: string) {
  const name = `template_${process.pid}_${Date.now()}`
  const admin = openDb(adminUrl, { max: 1, name: 'test admin' })
  await admin.query(`create database ${name}`)
  const db = openDb(databaseUrl(adminUrl, name), { max: 2, name: 'test' })
  await migrate(db)
  await db.end()
  await admin.end()
  const drop = async () => {
    const again = openDb(adminUrl, { max: 1, name: 'test admin' })
    await again.query(`drop database ${name} with (force)`)
    await again.end()
  }
  return { name, drop }
}

/** A test that leaves a process running has failed. (Only Linux shows the environment of others.) */
async function mustBeGone(mark: string): Promise<void> {
  const left: string[] = []
  for (const pid of await readdir('/proc').catch(() => [])) {
    if (!/^\d+$/.test(pid)) continue
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
    if (!environment.includes(`SLUICE_TEST_RUN=${mark}`) || /vitest/.test(command)) continue
    left.push(`${pid} ${command.replaceAll('\0', ' ')}`)
    process.kill(Number(pid), 'SIGKILL')
  }
  if (left.length === 0) return
  // Vitest prints what a teardown throws, and exits with 0 all the same.
  process.exitCode = 1
  throw new Error(`Tests left processes running:\n${left.join('\n')}`)
}
