/** An attempt that outlives its timeout cannot commit twice. */
import { randomUUID } from 'node:crypto'
import { MockActivityEnvironment } from '@temporalio/testing'
import { expect, test } from 'vitest'
import { createActivities } from '../../activities/index.ts'
import type { Receipt } from '../../src/domain/words.ts'
import { enterIngest } from '../../src/postgres/ledger/ingests.ts'
import { fullSpec } from '../../src/spec/spec.ts'
import type { Stage } from '../../src/stage/stage.ts'
import { build, noticedSoon, until } from '../harness.ts'
import { testDeps } from './deps.ts'

const harness = await build()

/** An ingest of one unit, planned and ready to load. */
async function planned(table: string): Promise<string> {
  const ingestId = randomUUID()
  const path = await harness.file(`${table}.csv`, 'n\n1\n2\n3\nx\n')
  const spec = fullSpec({ source: { kind: 'directory', path }, target: { table } })
  await harness.db.query(`create table ${table} (n int)`)
  await enterIngest(harness.db, { ingestId, spec, target: table })
  const { listSource, stageLot, planIngest } = activities(harness.stage)
  const env = new MockActivityEnvironment()
  await env.run(listSource, { ingestId })
  await env.run(stageLot, { ingestId, lotNo: 0 })
  await env.run(planIngest, { ingestId })
  return ingestId
}

const activities = (stage: Stage) => createActivities(testDeps(harness, stage))

/** A stage whose reader stops in the middle of a COPY until it is let go. */
function slowStage(): { stage: Stage; reading: Promise<void>; letGo: () => void } {
  let letGo = () => {}
  let onReading = () => {}
  const held = new Promise<void>((resolve) => (letGo = resolve))
  const reading = new Promise<void>((resolve) => (onReading = resolve))
  const stage: Stage = {
    ...harness.stage,
    async *read(file, range) {
      for await (const bytes of harness.stage.read(file, range)) {
        yield bytes.subarray(0, 2)
        onReading()
        await held
        yield bytes.subarray(2)
      }
    },
  }
  return { stage, reading, letGo }
}

async function expectOneReceipt(ingestId: string): Promise<void> {
  const { rows } = await harness.db.query(
    `select rows_read, rows_loaded, rows_rejected, attempt,
            (select count(*) from sluice.rejects where ingest_id = $1) as rejects
     from sluice.units where ingest_id = $1`,
    [ingestId],
  )
  expect(rows).toEqual([{ rows_read: 4, rows_loaded: 3, rows_rejected: 1, attempt: 1, rejects: 1 }])
  const { publishIngest, sweepIngest } = activities(harness.stage)
  const env = new MockActivityEnvironment()
  await env.run(publishIngest, { ingestId, records: 4 })
  const outcome = { state: 'completed' as const, error: null }
  await env.run(sweepIngest, { ingestId, outcome })
}

const count = async (table: string) =>
  (await harness.db.query(`select array_agg(n order by n) as n from ${table}`)).rows[0].n

test('the new attempt ends the one that hangs in its COPY, which then cannot commit', async () => {
  const ingestId = await planned('hanging')
  const { stage, reading, letGo } = slowStage()
  const ref = { ingestId, unitNo: 0 }
  const zombie = new MockActivityEnvironment().run(activities(stage).loadUnit, ref)
  const outcome = zombie.then(
    () => 'committed',
    (error: Error) => error.message,
  )
  await reading
  const receipt: Receipt = await new MockActivityEnvironment().run(
    activities(harness.stage).loadUnit,
    ref,
  )
  expect(receipt).toMatchObject({ rowsRead: 4, rowsLoaded: 3, rowsRejected: 1 })
  letGo()
  expect(await outcome).toMatch(/database does not answer|terminat/i)
  await expectOneReceipt(ingestId)
  expect(await count('hanging')).toEqual([1, 2, 3])
})

test('an attempt that waits behind one which commits after all returns its receipt', async () => {
  const ingestId = await planned('waiting')
  const { stage, reading, letGo } = slowStage()
  const ref = { ingestId, unitNo: 0 }
  const first = new MockActivityEnvironment().run(activities(stage).loadUnit, ref)
  await reading
  const second = new MockActivityEnvironment().run(activities(harness.stage).loadUnit, ref)
  await until(
    async () => {
      const { rows } = await harness.db.query(
        `select from pg_stat_activity where application_name like 'sluice/%/load 0/%'
         and datname = current_database() and wait_event_type = 'Lock'`,
      )
      return rows.length === 1
    },
    { what: 'the second attempt to wait' },
  )
  letGo()
  expect(await second).toEqual(await first)
  await expectOneReceipt(ingestId)
  expect(await count('waiting')).toEqual([1, 2, 3])
})

test('an attempt that comes after the sweep is turned away', async () => {
  const ingestId = await planned('late')
  const { loadUnit, publishIngest, sweepIngest, stageLot, planIngest } = activities(harness.stage)
  const run = <A, R>(activity: (input: A) => Promise<R>, input: A): Promise<R> =>
    new MockActivityEnvironment().run(activity as (input: unknown) => Promise<R>, input)
  await run(loadUnit, { ingestId, unitNo: 0 })
  await run(sweepIngest, { ingestId, outcome: { state: 'cancelled', error: null } })
  for (const late of [
    () => run(loadUnit, { ingestId, unitNo: 0 }),
    () => run(publishIngest, { ingestId, records: 4 }),
    () => run(planIngest, { ingestId }),
    () => run(stageLot, { ingestId, lotNo: 0 }),
  ]) {
    await expect(late()).rejects.toThrow(/takes no more rows: its state is cancelled/)
  }
  expect(await count('late')).toBeNull()
})

test('a stage, a list and a plan that come once more before the load change nothing', async () => {
  const ingestId = await planned('again')
  const { listSource, stageLot, planIngest, loadUnit } = activities(harness.stage)
  const env = new MockActivityEnvironment()
  await env.run(stageLot, { ingestId, lotNo: 0 })
  expect(await env.run(listSource, { ingestId })).toEqual({ files: 1, lots: 1 })
  expect(await env.run(planIngest, { ingestId })).toMatchObject({ units: 1, records: 4 })
  await env.run(loadUnit, { ingestId, unitNo: 0 })
  await expectOneReceipt(ingestId)
  expect(await count('again')).toEqual([1, 2, 3])
})

test('a worker that stood still past its timeout and woke up changes nothing', async () => {
  const path = await harness.file(
    'still.csv',
    `n\n${Array.from({ length: 1_500_000 }, (_, n) => n).join('\n')}\n`,
  )
  const sleeper = await harness.startWorker({ concurrency: 1 })
  const ingestId = await harness.start(
    { source: { kind: 'directory', path }, target: { table: 'still' } },
    noticedSoon,
  )
  await until(
    async () => {
      const { rows } = await harness.db.query(
        `select from pg_stat_activity where application_name like $1 and query like 'copy %'`,
        [`sluice/%/load %/${sleeper.pid}`],
      )
      return rows.length > 0
    },
    { what: 'a COPY' },
  )
  sleeper.kill('SIGSTOP')
  await harness.startWorker()
  const view = await harness.ended(ingestId)
  sleeper.kill('SIGCONT')
  expect(view).toMatchObject({ state: 'completed', rowsLoaded: 1_500_000, rowsRejected: 0 })
  // Awake again, it finds its transaction gone and its tasks given to others.
  await until(() => /loadUnit\S* (retried|cancelled)/.test(sleeper.output()), {
    what: 'the waking',
  })
  const { rows } = await harness.db.query(
    'select count(*) as rows, count(distinct n) as ids from still',
  )
  expect(rows[0]).toEqual({ rows: 1_500_000, ids: 1_500_000 })
})
