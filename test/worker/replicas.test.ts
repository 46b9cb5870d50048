/** Replicas compete for units: 3 × 4 = 12 at once, each on one worker, also while they come and go. */
import { expect, test } from 'vitest'
import { listWorkers } from '../../src/postgres/ledger/workers.ts'
import { build, noticedSoon, until } from '../harness.ts'
import { holdLoads, unitFiles, unitsAtOnce } from './hold.ts'

const directory = (path: string) => ({ kind: 'directory' as const, path })

test.concurrent('3 replicas × concurrency 4 = 12 units at once, as the ledger shows', {
  timeout: 120_000,
}, async ({ onTestFinished }) => {
  const harness = await build({ onEnd: onTestFinished })
  const path = await unitFiles(harness, 30)
  const held = await holdLoads(harness)
  await Promise.all([0, 1, 2].map(() => harness.startWorker({ concurrency: 4 })))
  const ingestId = await harness.start({ source: directory(path), target: { table: 'target' } })
  await held.untilCount(12)
  const inHand = async () => {
    const workers = await listWorkers(harness.db)
    return workers.map(({ tasks }) =>
      tasks.filter(({ activity }) => activity === 'loadUnit').map(({ what }) => what),
    )
  }
  await until(async () => (await inHand()).flat().length === 12, { what: '12 tasks in hand' })
  const tasks = await inHand()
  expect(tasks.map((each) => each.length)).toEqual([4, 4, 4])
  expect(new Set(tasks.flat()).size).toBe(12)
  expect(await held.count()).toBe(12)
  await held.release()

  expect(await harness.ended(ingestId)).toMatchObject({
    state: 'completed',
    units: 30,
    rowsLoaded: 60,
    rowsRejected: 0,
  })
  expect(await unitsAtOnce(harness, ingestId)).toBe(12)
  const { rows } = await harness.db.query(
    `select count(*) as rows, count(distinct (a, b)) as distinct,
            (select count(distinct worker) from sluice.units) as workers,
            (select max(attempt) from sluice.units) as attempts
     from target`,
  )
  expect(rows[0]).toEqual({ rows: 60, distinct: 60, workers: 3, attempts: 1 })
})

test.concurrent('replicas come and go while an ingest runs: nothing is lost, nothing is done twice', {
  timeout: 120_000,
}, async ({ onTestFinished }) => {
  const harness = await build({ onEnd: onTestFinished })
  const units = 60
  await harness.db.query(`
    create function slow() returns trigger language plpgsql as
      $$ begin perform pg_sleep(0.1); return new; end $$;
    create trigger slow before update on sluice.units for each row execute function slow()`)
  const path = await unitFiles(harness, units)
  const first = await harness.startWorker({ concurrency: 2 })
  const ingestId = await harness.start({ source: directory(path), target: { table: 'target' } })
  const loaded = async () =>
    (await harness.db.query('select count(*) as n from sluice.units where loaded_at is not null'))
      .rows[0].n
  await until(async () => (await loaded()) > 4, { what: 'the first units' })
  // Scale up: all three have units in hand.
  const held = await holdLoads(harness)
  await Promise.all([0, 1].map(() => harness.startWorker({ concurrency: 2 })))
  await held.untilCount(6)
  // Scale down: the one that goes ends what it has in hand.
  first.kill('SIGTERM')
  await held.release()
  expect(await first.exited).toEqual({ code: 0, signal: null })
  expect(await loaded()).toBeLessThan(units)
  expect(first.output()).not.toMatch(/handed back after|cancelled after|retried after/)

  expect(await harness.ended(ingestId)).toMatchObject({ state: 'completed', rowsLoaded: 2 * units })
  const { rows } = await harness.db.query(
    `select (select count(distinct (a, b)) from target) as rows,
            count(distinct worker) as workers, max(attempt) as attempts
     from sluice.units`,
  )
  expect(rows[0]).toEqual({ rows: 2 * units, workers: 3, attempts: 1 })
  const starts = first.output().match(/loadUnit\[.*\] started/g)?.length
  const ends = first.output().match(/loadUnit\[.*\] succeeded/g)?.length
  expect(starts).toBe(ends)
})

test.concurrent('the budget of the target holds over all workers, and can be changed while they run', {
  timeout: 120_000,
}, async ({ onTestFinished }) => {
  const harness = await build({ onEnd: onTestFinished })
  const path = await unitFiles(harness, 20)
  const held = await holdLoads(harness)
  const { writeUnitsMax } = await import('../../src/postgres/ledger/settings.ts')
  await writeUnitsMax(harness.db, 3)
  await Promise.all([0, 1].map(() => harness.startWorker({ concurrency: 4 })))
  const one = await harness.start({ source: directory(path), target: { table: 'one' } })
  const two = await harness.start({ source: directory(path), target: { table: 'two' } })
  const inHand = async () => (await listWorkers(harness.db)).flatMap(({ tasks }) => tasks).length
  // All slots are taken, and all but three wait.
  await until(async () => (await inHand()) === 8, { what: '8 tasks in hand' })
  await held.untilCount(3)
  await writeUnitsMax(harness.db, 5)
  await held.untilCount(5)
  await held.release()
  for (const ingestId of [one, two]) {
    expect(await harness.ended(ingestId)).toMatchObject({ state: 'completed', rowsLoaded: 40 })
  }
  const { rows } = await harness.db.query(
    `select max(n) as most from (
       select (select count(*) from sluice.units o
               where u.loaded_at > o.started_at and u.loaded_at <= o.loaded_at) as n
       from sluice.units u
     ) as counted`,
  )
  expect(rows[0].most).toBeLessThanOrEqual(5)
})

test.concurrent('where workers do not look for dead ones, the heartbeat timeout gives a unit to another one', {
  timeout: 120_000,
}, async ({ onTestFinished }) => {
  const harness = await build({ onEnd: onTestFinished })
  const path = await unitFiles(harness, 4)
  const held = await holdLoads(harness)
  const env = { SLUICE_FIND_DEAD: '0' }
  const victim = await harness.startWorker({ concurrency: 4, env })
  const spec = { source: directory(path), target: { table: 'target' } }
  const ingestId = await harness.start(spec, noticedSoon)
  await held.untilCount(4)
  const other = await harness.startWorker({ concurrency: 4, env })
  victim.kill('SIGKILL')
  const killedMs = Date.now()
  const taken = async () => {
    const workers = await listWorkers(harness.db)
    const tasks = workers.find(({ pid }) => pid === other.pid)?.tasks ?? []
    return tasks.filter(({ activity, attempt }) => activity === 'loadUnit' && attempt === 2)
  }
  await until(async () => (await taken()).length === 4, { what: 'all four taken over' })
  expect(Date.now() - killedMs).toBeLessThan(noticedSoon.heartbeatMs + 10_000)
  expect(other.output()).not.toContain('died')
  await held.release()
  expect(await harness.ended(ingestId)).toMatchObject({ state: 'completed', rowsLoaded: 8 })
  const { rows } = await harness.db.query(
    'select count(*) as rows, count(distinct (a, b)) as distinct from target',
  )
  expect(rows[0]).toEqual({ rows: 8, distinct: 8 })
})
