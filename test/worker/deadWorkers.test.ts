/** A worker that dies is found by the others, once, and costs seconds. */
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { openProxy } from '../../chaos/proxy.ts'
import { startApi } from '../../src/api/server.ts'
import { createConnections } from '../../src/connections/index.ts'
import { startPostgres } from '../../src/dev/postgres.ts'
import type { Death } from '../../src/domain/worker.ts'
import { listWorkers, type WorkerView } from '../../src/postgres/ledger/workers.ts'
import { listHeard } from '../../src/temporal/workers.ts'
import { build, type Harness, until, type WorkerProcess } from '../harness.ts'
import { holdLoads, unitFiles, untilReported } from './hold.ts'

const directory = (path: string) => ({ kind: 'directory' as const, path })
const units = 4
/** The victim asks for more: the server must not give it what it has lost. */
const slots = units + 4
const timeout = 240_000
/** What is tried here is to be quicker than the server, which notices by heartbeats, also on a busy machine. */
const noticedLate = { heartbeatMs: 60_000 }

const startNamed = (harness: Harness, name: string, env: NodeJS.ProcessEnv = {}) =>
  harness.startWorker({
    concurrency: slots,
    args: ['--name', name, '--metrics', '127.0.0.1:0'],
    env,
  })

/** All units are in the hands of the only worker, held before their receipts. */
async function heldByOne(harness: Harness, env: NodeJS.ProcessEnv = {}) {
  const path = await unitFiles(harness, units)
  const held = await holdLoads(harness)
  const victim = await startNamed(harness, 'victim', env)
  const spec = { source: directory(path), target: { table: 'target' } }
  const ingestId = await harness.start(spec, noticedLate)
  await held.untilCount(units)
  await until(async () => (await viewOf(harness, victim))?.tasks.length === units, {
    what: 'the tasks of the victim',
  })
  return { ingestId, held, victim }
}

/** The same, and two others stand by. */
async function heldByVictim(harness: Harness, env: NodeJS.ProcessEnv = {}) {
  const found = await heldByOne(harness, env)
  const others = await Promise.all(['other1', 'other2'].map((name) => startNamed(harness, name)))
  return { ...found, others }
}

const viewOf = async (harness: Harness, { pid }: WorkerProcess): Promise<WorkerView | undefined> =>
  (await listWorkers(harness.db)).find((worker) => worker.pid === pid)

/** Waits until the others have all units in hand. @returns how long that took */
async function untilTaken(harness: Harness, victim: WorkerProcess): Promise<number> {
  const startMs = Date.now()
  const isTaken = async () => {
    const workers = await listWorkers(harness.db)
    const tasks = workers.filter(({ pid }) => pid !== victim.pid).flatMap(({ tasks }) => tasks)
    const again = ({ activity, attempt, startedAt }: (typeof tasks)[number]) =>
      activity === 'loadUnit' && attempt === 2 && startedAt !== null
    return tasks.filter(again).length === units
  }
  await until(isTaken, { what: 'all units taken over', worker: victim }).catch(async (error) => {
    // Where the tasks are instead says why.
    const workers = JSON.stringify(await listWorkers(harness.db), null, 1)
    throw new Error(`${error.message}\n${workers}`, { cause: error })
  })
  return Date.now() - startMs
}

async function expectOnce(harness: Harness, ingestId: string): Promise<void> {
  expect(await harness.ended(ingestId)).toMatchObject({ state: 'completed', rowsLoaded: 2 * units })
  const { rows } = await harness.db.query(
    `select count(*) as rows, count(distinct (a, b)) as distinct,
            (select count(*) from sluice.units where loaded_at is not null) as receipts,
            (select count(*) from sluice.rejects) as rejects
     from target`,
  )
  expect(rows[0]).toEqual({ rows: 2 * units, distinct: 2 * units, receipts: units, rejects: 0 })
}

/** Who looked at once has acted once. */
async function expectFound(
  harness: Harness,
  { victim, others }: { victim: WorkerProcess; others: WorkerProcess[] },
): Promise<Death> {
  const isTold = async () => (await viewOf(harness, victim))?.death?.handedOn.length === units
  await until(isTold, { what: 'what was handed on' })
  const { death } = (await viewOf(harness, victim)) as { death: Death }
  expect(death.handedOn.map(({ activity }) => activity)).toEqual(Array(units).fill('loadUnit'))
  const told = others.filter((other) => /the worker victim died: .* handed on/.test(other.output()))
  expect(told.map((other) => `other${others.indexOf(other) + 1}`)).toEqual([death.by])
  const counts = await Promise.all(others.map((other) => deathsCounted(other, death.cause)))
  expect(counts).toEqual(others.map((other) => (told.includes(other) ? 1 : 0)))
  return death
}

async function deathsCounted(worker: WorkerProcess, cause: string): Promise<number> {
  const [, url = ''] = /metrics\s+(http:\S+)/.exec(worker.output()) ?? []
  const text = await (await fetch(url)).text()
  const counted = new RegExp(`^sluice_worker_deaths_total\\{cause="${cause}"\\} (\\d+)$`, 'm')
  return Number(counted.exec(text)?.[1])
}

test.concurrent('killed: its tasks run elsewhere after 3 s', { timeout }, async ({
  onTestFinished,
}) => {
  const harness = await build({ onEnd: onTestFinished })
  const found = await heldByVictim(harness)
  found.victim.kill('SIGKILL')
  // The rest is for a machine that is busy; the heartbeat timeout would be 15 s.
  expect(await untilTaken(harness, found.victim)).toBeLessThan(8000)
  const death = await expectFound(harness, found)
  expect(death).toMatchObject({ cause: 'killed' })
  expect(death.silentMs).toBeLessThan(5000)
  expect((await viewOf(harness, found.victim))?.state).toBe('gone')
  await found.held.release()
  await expectOnce(harness, found.ingestId)
})

test.concurrent('the only worker is killed: those that are started then look at once, and act once', {
  timeout,
}, async ({ onTestFinished }) => {
  const harness = await build({ onEnd: onTestFinished })
  const { victim, ingestId, held } = await heldByOne(harness)
  victim.kill('SIGKILL')
  const others = await Promise.all(['other1', 'other2'].map((name) => startNamed(harness, name)))
  await untilTaken(harness, victim)
  // How soon it may look: test/postgres/deadWorkers.test.ts.
  await expectFound(harness, { victim, others })
  await held.release()
  await expectOnce(harness, ingestId)
})

test.concurrent('the only worker is killed: the API finds it, and the next worker has its tasks', {
  timeout,
}, async ({ onTestFinished }) => {
  const harness = await build({ onEnd: onTestFinished })
  const api = await startApi({
    databaseUrl: harness.databaseUrl,
    temporal: { address: harness.temporalAddress, namespace: 'default' },
    stage: { at: join(harness.folder, '.stage') },
    connections: createConnections(
      { variables: new Map(), folder: null, settings: {} },
      () => undefined,
    ),
    uiUrl: null,
    host: '127.0.0.1',
    port: 0,
    stepOver: false,
    findsDead: true,
    log: pino({ level: 'silent' }),
  })
  onTestFinished(api.close)
  const { victim, ingestId, held } = await heldByOne(harness)
  victim.kill('SIGKILL')
  const isFound = async () => (await viewOf(harness, victim))?.death?.handedOn.length === units
  await until(isFound, { what: 'the death' })
  const { death } = (await viewOf(harness, victim)) as { death: Death }
  expect(death).toMatchObject({ cause: 'killed', by: `api ${process.pid}@${hostname()}` })
  expect(death.silentMs).toBeLessThan(5000)
  const text = await (await fetch(`${api.url}/metrics`)).text()
  expect(text).toContain('sluice_worker_deaths_total{cause="killed"} 1')
  const next = await startNamed(harness, 'next')
  await untilTaken(harness, victim)
  expect(next.output()).not.toContain('victim died')
  await held.release()
  await expectOnce(harness, ingestId)
})

test.concurrent('frozen: its tasks run elsewhere after 15 s; awake again it cannot commit, says so, and works', {
  timeout,
}, async ({ onTestFinished }) => {
  const harness = await build({ onEnd: onTestFinished })
  const found = await heldByVictim(harness)
  const { victim, others, ingestId, held } = found
  victim.kill('SIGSTOP')
  // Without an end to its open calls it would get the second attempts too: 28 s.
  expect(await untilTaken(harness, victim)).toBeLessThan(20_000)
  const death = await expectFound(harness, found)
  expect(death).toMatchObject({ cause: 'silent' })
  expect(death.silentMs).toBeGreaterThan(10_000)
  expect(death.silentMs).toBeLessThan(15_000)
  victim.kill('SIGCONT')
  const isTold = () => /took this worker for dead .* handed on 4 tasks/.test(victim.output())
  await until(isTold, { what: 'the waking' })
  const ended = () => victim.output().match(/loadUnit\S* (retried|cancelled)/g)?.length === units
  await until(ended, { what: 'the end of its attempts' })
  await held.release()
  await expectOnce(harness, ingestId)
  expect(victim.output()).not.toMatch(/loadUnit\S* succeeded/)
  // It is one of them again.
  for (const other of others) other.kill('SIGTERM')
  await Promise.all(others.map(({ exited }) => exited))
  const path = await harness.file('more.csv', 'a,b\n1,2\n')
  const more = await harness.ingest({ source: directory(path), target: { table: 'more' } })
  expect(more).toMatchObject({ state: 'completed', rowsLoaded: 1 })
  expect((await viewOf(harness, victim))?.state).toBe('running')
})

test.concurrent('a worker reports to Temporal each second: before its first report its calls could not be ended', {
  timeout,
}, async ({ onTestFinished }) => {
  const harness = await build({ onEnd: onTestFinished })
  const worker = await startNamed(harness, 'new')
  const reports = new Set<number>()
  let first: string | undefined
  await until(
    async () => {
      const heard = (await listHeard(harness.client)) ?? []
      const theirs = heard.filter((each) => each.pid === worker.pid)
      first ??= theirs[0]?.key
      const report = theirs.find(({ key }) => key === first)
      if (report) reports.add(report.at.getTime())
      return reports.size === 4
    },
    { what: 'its reports' },
  )
  const times = [...reports]
  const apart = times.slice(1).map((time, at) => time - (times[at] as number))
  // The rest is for a machine that is busy; they were 5 seconds apart.
  expect(Math.min(...apart)).toBeLessThan(2500)
})

test.concurrent('cut off from the database: its tasks run elsewhere after 15 s', {
  timeout,
}, async ({ onTestFinished }) => {
  const harness = await build({ onEnd: onTestFinished })
  const proxy = await openProxy(harness.databaseUrl)
  onTestFinished(() => proxy.close())
  const found = await heldByVictim(harness, { DATABASE_URL: proxy.url(harness.databaseUrl) })
  proxy.stall()
  expect(await untilTaken(harness, found.victim)).toBeLessThan(20_000)
  expect(await expectFound(harness, found)).toMatchObject({ cause: 'silent' })
  await found.held.release()
  await expectOnce(harness, found.ingestId)
  proxy.mend()
  await until(() => /took this worker for dead/.test(found.victim.output()), { what: 'its return' })
})

test.concurrent('nobody is dead because of a lost session, a laptop that slept, another clock, or a restart of PostgreSQL', {
  timeout,
}, async ({ onTestFinished }) => {
  const home = await mkdtemp(join(tmpdir(), 'sluice-dead-'))
  await chmod(home, 0o755)
  const place = { home: join(home, 'postgres') }
  let postgres = await startPostgres(place)
  onTestFinished(async () => {
    await postgres.stop()
    await rm(home, { recursive: true, force: true })
  })
  const harness = await build({ databaseUrl: postgres.url, onEnd: onTestFinished })
  const minute = 'const now=Date.now;Date.now=()=>now()+60000'
  const workers = await Promise.all([
    startNamed(harness, 'one'),
    startNamed(harness, 'early', {
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(minute)}`,
    }),
  ])
  const signal = (name: NodeJS.Signals) => {
    for (const worker of workers) worker.kill(name)
  }
  await untilReported(harness, 4)
  await harness.db.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where application_name like 'sluice%' and datname = current_database()`,
  )
  await untilReported(harness, 6)
  signal('SIGSTOP')
  // Longer than anybody may be silent, by the clock of the database.
  await until(async () => (await listWorkers(harness.db)).every((each) => each.silentMs > 14_000), {
    what: 'sleep',
  })
  signal('SIGCONT')
  await untilReported(harness, 6)
  await postgres.kill()
  postgres = await startPostgres({ ...place, port: postgres.port })
  await untilReported(harness, 8)
  const found = await listWorkers(harness.db)
  expect(found.map(({ worker, state, death }) => ({ worker, state, death }))).toEqual([
    { worker: 'early', state: 'running', death: null },
    { worker: 'one', state: 'running', death: null },
  ])
  for (const worker of workers) expect(worker.output()).not.toMatch(/died|dead/)
})
