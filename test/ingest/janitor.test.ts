/** The janitor: what workflows leave behind that were ended from outside. */
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { findTemporal, startTemporal } from '../../src/dev/temporal.ts'
import { type Findings, janitorId } from '../../src/domain/janitor.ts'
import { enterIngest } from '../../src/postgres/ledger/ingests.ts'
import { readLedgerId } from '../../src/postgres/ledger/settings.ts'
import { ingestHash } from '../../src/postgres/names.ts'
import { fullSpec } from '../../src/spec/spec.ts'
import { runJanitor } from '../../src/temporal/janitor.ts'
import { sluice } from '../cli/sluice.ts'
import { build, type Harness, until } from '../harness.ts'
import { recordHistory } from '../replay/record.ts'

const pass = async (harness: Harness, queue = harness.queue): Promise<Findings> =>
  runJanitor(harness.client, { id: janitorId(await readLedgerId(harness.db)), queue })

async function row(harness: Harness, ingestId: string) {
  const { rows } = await harness.db.query(
    `select state, phase, error ->> 'code' as code, landing, ended_at is not null as ended
     from sluice.ingests where ingest_id = $1`,
    [ingestId],
  )
  return rows[0]
}

const loads = async (harness: Harness, ingestId: string): Promise<number> =>
  (
    await harness.db.query('select from pg_stat_activity where application_name like $1', [
      `sluice/${ingestHash(ingestId)}/load %`,
    ])
  ).rowCount ?? 0

const landings = async (harness: Harness): Promise<string[]> =>
  (
    await harness.db.query(
      `select relname as name from pg_class where relname like 'sluice_landing%' order by 1`,
    )
  ).rows.map(({ name }) => name)

const staged = (harness: Harness): Promise<string[]> =>
  readdir(join(harness.folder, '.stage/ingests')).catch(() => [])

const spec = (path: string, table: string) => ({
  source: { kind: 'directory' as const, path },
  target: { table },
})

const isOld = `state = 'running', created_at = now() - interval '2 h'`

/** An ingest as an API leaves it that dies before it starts the workflow. All files share a Temporal. */
async function entered(harness: Harness, name: string, sql = ''): Promise<string> {
  const ingestId = `${harness.queue}-${name}`
  const full = fullSpec({ ...spec('/nowhere', 'nothing'), queue: harness.queue })
  await enterIngest(harness.db, { ingestId, spec: full, target: 'public.nothing' })
  if (sql)
    await harness.db.query(`update sluice.ingests set ${sql} where ingest_id = $1`, [ingestId])
  return ingestId
}

test.concurrent('ends what was terminated, and nothing else', async ({ onTestFinished }) => {
  const harness = await build({ onEnd: onTestFinished })
  const path = await harness.file('rows.csv', 'n\n1\n2\n3\n')
  await harness.db.query('create table kept as select 7 as n')
  const worker = await harness.startWorker({ concurrency: 4 })
  // No receipt can be written, so loads stay where they are.
  const holder = await harness.db.connect()
  await harness.db.query(`
    create function hold() returns trigger language plpgsql as
      $$ begin perform pg_advisory_xact_lock_shared(1); return new; end $$;
    create trigger hold before update of loaded_at on sluice.units
      for each row execute function hold()`)
  await holder.query('select pg_advisory_lock(1)')
  const start = async (table: string) => {
    const ingestId = await harness.start(spec(path, table))
    await until(async () => (await loads(harness, ingestId)) > 0, { what: 'a load', worker })
    return ingestId
  }
  const orphan = await start('kept')
  const healthy = await start('healthy')
  const paused = await start('paused')
  await harness.steer(paused, 'pause')
  await until(async () => (await row(harness, paused)).state === 'paused', { what: 'a pause' })
  const queued = await harness.start({ ...spec(path, 'queued'), queue: `${harness.queue}-nobody` })
  const unstarted = await entered(harness, 'unstarted')
  const others = [healthy, paused, queued, unstarted]
  const before = await Promise.all(others.map((id) => row(harness, id)))
  await harness.client.workflow.getHandle(orphan).terminate('by hand')
  expect(await staged(harness)).toContain(orphan)

  const found = await pass(harness)
  expect(found).toMatchObject({
    looked: 5,
    ended: 1,
    folders: 0,
    tables: 0,
    uploads: 0,
    next: null,
  })
  expect(found.orphans).toEqual([{ ingestId: orphan, state: 'failed', how: 'was terminated' }])
  await recordHistory(harness.client, `${janitorId(await readLedgerId(harness.db))}-now`, 'janitor')
  expect(await row(harness, orphan)).toEqual({
    state: 'failed',
    phase: null,
    code: 'workflow_terminated',
    landing: null,
    ended: true,
  })
  expect(await loads(harness, orphan)).toBe(0)
  expect((await staged(harness)).sort()).toEqual([healthy, paused].sort())
  const alive = [healthy, paused].map((id) => `sluice_landing_${ingestHash(id)}`)
  expect(await landings(harness)).toEqual(alive.sort())
  expect(await Promise.all(others.map((id) => row(harness, id)))).toEqual(before)
  expect(worker.output()).toContain(`${orphan}: its workflow was terminated; failed now`)

  await holder.query('select pg_advisory_unlock(1)')
  holder.release()
  await harness.steer(paused, 'resume')
  expect(await harness.ended(healthy)).toMatchObject({ state: 'completed', rowsLoaded: 3 })
  expect(await harness.ended(paused)).toMatchObject({ state: 'completed', rowsLoaded: 3 })
  const { rows } = await harness.db.query('select n from kept')
  expect(rows).toEqual([{ n: 7 }])
})

test.concurrent('a workflow that is not there any more: not before its ingest has been quiet for long', async ({
  onTestFinished,
}) => {
  const harness = await build({ onEnd: onTestFinished })
  await harness.startWorker()
  const path = await harness.file('rows.csv', 'n\n1\n')
  const published = await harness.ingest(spec(path, 'done'))
  await harness.db.query(
    `update sluice.ingests set state = 'running', ended_at = null where ingest_id = $1`,
    [published.ingestId],
  )
  const ago = (time: string) => `now() - interval '${time}'`
  const gone = await entered(harness, 'gone', isOld)
  const busy = await entered(
    harness,
    'busy',
    `state = 'running', created_at = ${ago('9 h')}, started_at = ${ago('59 min')}`,
  )
  const waits = await entered(harness, 'waits', `created_at = ${ago('23 h')}`)
  const stale = await entered(harness, 'stale', `created_at = ${ago('25 h')}`)
  const { orphans } = await pass(harness)
  expect(orphans).toEqual(
    [
      { ingestId: gone, state: 'failed', how: 'is not there any more' },
      { ingestId: stale, state: 'failed', how: 'is not there any more' },
      // It was published: that has happened.
      { ingestId: published.ingestId, state: 'completed', how: 'closed' },
    ].sort((a, b) => (a.ingestId < b.ingestId ? -1 : 1)),
  )
  expect(await row(harness, busy)).toMatchObject({ state: 'running', ended: false })
  expect(await row(harness, waits)).toMatchObject({ state: 'queued', ended: false })
})

test.concurrent('two janitors at once end each orphan once', async ({ onTestFinished }) => {
  const harness = await build({ onEnd: onTestFinished })
  const worker = await harness.startWorker({ concurrency: 4 })
  const names = Array.from({ length: 250 }, (_, n) => `orphan-${String(n).padStart(3, '0')}`)
  for (const name of names) await entered(harness, name, isOld)
  const { client, queue } = harness
  const id = janitorId(await readLedgerId(harness.db))
  const found = await Promise.all(
    ['a', 'b'].map((name) => runJanitor(client, { id: `${id}-${name}`, queue })),
  )
  // An attempt that fails on the way has ended some that no result has: the log has all.
  const told = worker.output().match(/orphan-\d+(?=: its workflow .*failed now)/g)
  expect(told?.sort()).toEqual(names)
  expect(found.reduce((sum, { ended }) => sum + ended, 0)).toBeLessThanOrEqual(names.length)
  for (const { orphans, ended } of found) expect(orphans.length).toBe(Math.min(ended, 100))
  const { rows } = await harness.db.query(
    `select count(*) as ended from sluice.ingests where state = 'failed' and ended_at is not null`,
  )
  expect(rows[0].ended).toBe(names.length)
})

test.concurrent('what ingests have left is removed an hour after their end', async ({
  onTestFinished,
}) => {
  const harness = await build({ onEnd: onTestFinished })
  await harness.startWorker()
  const past = new Date(Date.now() - 2 * 3_600_000)
  const folder = async (name: string) => {
    const path = join(harness.folder, '.stage/ingests', name)
    await mkdir(path, { recursive: true })
    await writeFile(join(path, '0'), 'n\n')
    await utimes(path, past, past)
  }
  const table = (id: string) => `sluice_landing_${ingestHash(id)}`
  const ended = (time: string) => `state = 'failed', ended_at = now() - interval '${time}'`
  const old = await entered(harness, 'old', ended('61 min'))
  const young = await entered(harness, 'young', ended('59 min'))
  const alive = await entered(harness, 'alive')
  for (const name of [old, young, alive, 'unknown']) {
    await folder(name)
    await harness.db.query(`create table ${table(name)} (n int)`)
  }
  await mkdir(join(harness.folder, '.stage/ingests/new'))
  const uploads = join(harness.folder, '.stage/uploads')
  await mkdir(uploads)
  for (const name of ['expired', 'fresh']) await writeFile(join(uploads, name), 'x')
  const longAgo = new Date(Date.now() - 25 * 3_600_000)
  await utimes(join(uploads, 'expired'), longAgo, longAgo)
  expect(await pass(harness)).toMatchObject({ folders: 2, tables: 1, uploads: 1 })
  expect((await staged(harness)).sort()).toEqual([alive, young, 'new'].sort())
  expect(await landings(harness)).toEqual([alive, young, 'unknown'].map(table).sort())
  expect(await readdir(uploads)).toEqual(['fresh'])

  // Another ledger works in the same stage: what this one does not know may be its.
  expect(await harness.stage.claim('another')).toBe(2)
  await folder('theirs')
  await folder(old)
  expect(await pass(harness)).toMatchObject({ folders: 1 })
  expect((await staged(harness)).sort()).toEqual([alive, young, 'new', 'theirs'].sort())
})

test.concurrent('two processes that start together make one schedule, which follows the workers', async ({
  onTestFinished,
}) => {
  const harness = await build({ onEnd: onTestFinished })
  const id = janitorId(await readLedgerId(harness.db))
  const handle = harness.client.schedule.getHandle(id)
  onTestFinished(() => handle.delete().catch(() => {}))
  const env = { SLUICE_JANITOR: '2m' }
  const workers = await Promise.all([harness.startWorker({ env }), harness.startWorker({ env })])
  const made = () => workers.map((worker) => worker.output().split('schedule made').length - 1)
  await until(() => made().some((times) => times > 0), { what: 'the schedule' })
  const queue = async () => (await handle.describe()).action.taskQueue
  const { spec: every, policies } = await handle.describe()
  expect(every.intervals).toMatchObject([{ every: 120_000 }])
  expect(policies.overlap).toBe('SKIP')
  expect(await queue()).toBe(harness.queue)
  const left = await entered(harness, 'left', isOld)
  await handle.trigger()
  expect(await harness.ended(left)).toMatchObject({ error: { code: 'workflow_terminated' } })
  for (const worker of workers) worker.kill('SIGTERM')
  await Promise.all(workers.map(({ exited }) => exited))
  expect(made().reduce((sum, times) => sum + times)).toBe(1)
  for (const worker of workers) expect(worker.output()).not.toContain('has no schedule')

  // Nobody serves that queue now: a run would wait in it.
  await handle.trigger()
  const other = `${harness.queue}-other`
  await harness.startWorker({ env, queue: other })
  await until(async () => (await queue()) === other, { what: 'another queue' })
  const leftToo = await entered(harness, 'left-too', isOld)
  const isFree = async () => (await handle.describe()).info.runningActions.length === 0
  await until(isFree, { what: 'the end of the run that waits' })
  await handle.trigger()
  expect(await harness.ended(leftToo)).toMatchObject({ state: 'failed' })

  await harness.startWorker({ env: { SLUICE_JANITOR: '0' } })
  const isGone = async () => (await handle.describe().catch(() => null)) === null
  await until(isGone, { what: 'the end of the schedule' })
})

test.concurrent('a server that allows no schedules keeps nobody from working', async ({
  onTestFinished,
}) => {
  const home = await mkdtemp(join(tmpdir(), 'sluice-temporal-'))
  const binary = join(home, 'temporal')
  const without = '--dynamic-config-value frontend.enableSchedules=false'
  await writeFile(binary, `#!/bin/sh\nexec "${await findTemporal()}" "$@" ${without}\n`, {
    mode: 0o755,
  })
  const server = await startTemporal({ home: join(home, 'home'), binary, headless: true })
  onTestFinished(async () => {
    await server.stop()
    await rm(home, { recursive: true, force: true })
  })
  const harness = await build({ onEnd: onTestFinished, temporalAddress: server.address })
  const worker = await harness.startWorker({ env: { SLUICE_JANITOR: '1m' } })
  const isTold = () => worker.output().includes('the janitor has no schedule')
  await until(isTold, { what: 'a warning', worker })
  // One pass by hand goes all the same.
  await entered(harness, 'left', isOld)
  expect(await pass(harness)).toMatchObject({ ended: 1 })
})

test.concurrent('sluice janitor runs a pass and says what it found', async ({ onTestFinished }) => {
  const harness = await build({ onEnd: onTestFinished })
  const env = { DATABASE_URL: harness.databaseUrl, TEMPORAL_ADDRESS: harness.temporalAddress }
  const alone = await sluice(['janitor'], { env })
  expect(alone).toMatchObject({ code: 1 })
  expect(alone.error).toContain('No worker is running')
  await harness.startWorker()
  const left = await entered(harness, 'left', isOld)
  const told = await sluice(['janitor'], { env })
  expect(told).toMatchObject({ code: 0, error: '' })
  expect(told.out).toContain('Ingests that have not ended: 1. Orphans among them: 1.')
  expect(told.out).toContain(
    `${left}: its workflow is not there any more; the ingest is failed now`,
  )
  const again = await sluice(['janitor', '--json'], { env })
  expect(JSON.parse(again.out)).toMatchObject({ looked: 0, ended: 0, orphans: [], next: null })
})
