/** One process for several queues; priority and tenants on one queue. */
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { giveCommand, viewCommand } from '../../src/postgres/ledger/commands.ts'
import { listWorkers } from '../../src/postgres/ledger/workers.ts'
import { viewWorkflow } from '../../src/temporal/ingests.ts'
import { build, type Harness, until } from '../harness.ts'
import { holdLoads, unitFiles, untilReported } from './hold.ts'

const directory = (path: string) => ({ kind: 'directory' as const, path })

async function loadsByQueue(harness: Harness): Promise<Record<string, number>> {
  const workers = await listWorkers(harness.db)
  const loads = workers.flatMap(({ tasks }) => tasks).filter(({ startedAt }) => startedAt !== null)
  const counts: Record<string, number> = {}
  for (const { queue, activity } of loads) {
    if (activity === 'loadUnit') counts[queue] = (counts[queue] ?? 0) + 1
  }
  return counts
}

test.concurrent('queues share one limit: a busy one takes all of it, and still lets another one in', {
  timeout: 120_000,
}, async ({ onTestFinished }) => {
  const harness = await build({ onEnd: onTestFinished })
  const [busy, quiet] = [`${harness.queue}-busy`, `${harness.queue}-quiet`]
  const path = await unitFiles(harness, 12)
  const held = await holdLoads(harness)
  await harness.startWorker({ queue: `${busy},${quiet}`, concurrency: 3 })
  const one = await harness.start({
    source: directory(path),
    target: { table: 'one' },
    queue: busy,
  })
  await held.untilCount(3)
  await until(async () => (await loadsByQueue(harness))[busy] === 3, { what: '3 in hand' })
  const two = await harness.start({
    source: directory(path),
    target: { table: 'two' },
    queue: quiet,
  })
  const isWaiting = async () => (await viewWorkflow(harness.client, two))?.pending.length === 1
  await until(isWaiting, { what: 'a task of the quiet queue' })
  await untilReported(harness)
  // One task of the quiet queue may have come in; it waits for a slot.
  expect(await held.count()).toBe(3)
  expect((await loadsByQueue(harness))[busy]).toBe(3)
  const tasks = (await listWorkers(harness.db)).flatMap((worker) => worker.tasks)
  expect(tasks.length).toBeLessThanOrEqual(4)
  await held.release()
  for (const ingestId of [one, two]) {
    expect(await harness.ended(ingestId)).toMatchObject({ state: 'completed', rowsLoaded: 24 })
  }
})

test.concurrent('a worker of several queues that is drained takes nothing, and ends when told', async ({
  onTestFinished,
}) => {
  const harness = await build({ onEnd: onTestFinished })
  const [one, two] = [`${harness.queue}-one`, `${harness.queue}-two`]
  const worker = await harness.startWorker({ queue: `${one},${two}`, concurrency: 2 })
  const [{ instance } = { instance: '' }] = await listWorkers(harness.db)
  const id = await giveCommand(harness.db, instance, { kind: 'drain' }, 10_000)
  await until(async () => (await viewCommand(harness.db, id)).answer !== null, {
    what: 'the drain',
  })
  const path = await harness.file('few.csv', 'a\n1\n')
  const source = directory(path)
  const waiting = await Promise.all(
    [one, two].map((queue) => harness.start({ source, target: { table: 'target' }, queue })),
  )
  await untilReported(harness, 3)
  const { rows } = await harness.db.query('select ingest_id, state from sluice.ingests order by 1')
  expect(rows).toEqual(waiting.sort().map((ingest_id) => ({ ingest_id, state: 'queued' })))
  worker.kill('SIGTERM')
  const killed = setTimeout(() => worker.kill('SIGKILL'), 15_000)
  expect(await worker.exited).toEqual({ code: 0, signal: null })
  clearTimeout(killed)
})

test.concurrent('a queue with a number has a limit of its own', async ({ onTestFinished }) => {
  const harness = await build({ onEnd: onTestFinished })
  const [many, few] = [`${harness.queue}-many`, `${harness.queue}-few`]
  const path = await unitFiles(harness, 8)
  const held = await holdLoads(harness)
  const worker = await harness.startWorker({ queue: `${many},${few}:1`, concurrency: 3 })
  expect(worker.output()).toContain('activities at once: 4')
  const one = await harness.start({
    source: directory(path),
    target: { table: 'one' },
    queue: many,
  })
  const two = await harness.start({ source: directory(path), target: { table: 'two' }, queue: few })
  await held.untilCount(4)
  await until(
    async () => {
      const counts = await loadsByQueue(harness)
      return counts[many] === 3 && counts[few] === 1
    },
    { what: '3 and 1 in hand' },
  )
  await held.release()
  for (const ingestId of [one, two]) {
    expect(await harness.ended(ingestId)).toMatchObject({ state: 'completed', rowsLoaded: 16 })
  }
})

test.concurrent("one tenant's many ingests do not starve another's one", {
  timeout: 180_000,
}, async ({ onTestFinished }) => {
  const harness = await build({ onEnd: onTestFinished })
  const path = await harness.file('few.csv', 'a\n1\n2\n')
  const source = directory(path)
  const crowd = 100
  const start = (n: number) =>
    harness.start({
      id: `crowd-${n}-${harness.queue}`,
      source,
      target: { table: `t${n}` },
      tenant: 'crowd',
    })
  for (let n = 0; n < crowd; n += 20) {
    await Promise.all(Array.from({ length: 20 }, (_, i) => start(n + i)))
  }
  // All of them wait when the worker comes, and the other tenant's one behind them.
  const one = await harness.start({ source, target: { table: 'one' }, tenant: 'single' })
  await harness.startWorker({ concurrency: 1 })
  await harness.ended(one, 120_000)
  const { rows } = await harness.db.query(
    `select count(*) as n from sluice.ingests where state = 'completed' and ingest_id like 'crowd%'
       and ended_at < (select ended_at from sluice.ingests where ingest_id = $1)`,
    [one],
  )
  // First come, first served would have let nearly all of them go first.
  expect(rows[0].n).toBeLessThan(crowd / 3)
})

test.concurrent('autoscale: as many at once as its most, where CPU and memory allow', {
  timeout: 120_000,
}, async ({ onTestFinished }) => {
  const harness = await build({ onEnd: onTestFinished })
  const path = await unitFiles(harness, 8)
  const held = await holdLoads(harness)
  const worker = await harness.startWorker({ args: ['--autoscale', '3,1'] })
  expect(worker.output()).toContain('activities at once: 1 to 3, by CPU and memory')
  const ingestId = await harness.start({ source: directory(path), target: { table: 'target' } })
  await until(async () => (await held.count()) >= 1, { what: 'a load' })
  expect(await held.count()).toBeLessThanOrEqual(3)
  await held.release()
  expect(await harness.ended(ingestId)).toMatchObject({ state: 'completed', rowsLoaded: 16 })
})

test.concurrent('a worker that has grown too large drains, and another one takes its place', {
  timeout: 120_000,
}, async ({ onTestFinished }) => {
  const harness = await build({ onEnd: onTestFinished })
  const path = await unitFiles(harness, 4)
  // With this the first worker is larger than it may be as soon as it is ready. Were its successor
  // as large, none might live long enough to load a unit. Their parent does not count.
  const ballast = await harness.file(
    'ballast.mjs',
    `import { existsSync, writeFileSync } from 'node:fs'
     import { isMainThread } from 'node:worker_threads'
     const mark = import.meta.filename + '.first'
     const isWorker = isMainThread && process.argv.includes('--restarted')
     if (isWorker && !existsSync(mark)) {
       writeFileSync(mark, '')
       globalThis.ballast = Buffer.alloc(250_000_000, 1)
     }`,
  )
  const args = ['--max-memory', '300m', '--name', 'big@%h']
  const env = { NODE_OPTIONS: `--import ${pathToFileURL(ballast)}` }
  const worker = await harness.startWorker({ args, env })
  const ingestId = await harness.start({ source: directory(path), target: { table: 'target' } })
  const ready = () => worker.output().match(/worker ready/g)?.length ?? 0
  await until(() => ready() >= 2, { what: 'a successor', worker, timeoutMs: 100_000 })
  expect(worker.output()).toMatch(/has grown to \d+ MB: drains, and another one takes its place/)
  expect(await harness.ended(ingestId)).toMatchObject({ state: 'completed', rowsLoaded: 8 })
  const { rows } = await harness.db.query('select max(attempt) as attempts from sluice.units')
  expect(rows[0].attempts).toBe(1)
  expect(worker.output()).not.toMatch(/handed back after|cancelled after/)
  worker.kill('SIGTERM')
  expect(await worker.exited).toEqual({ code: 0, signal: null })
})
