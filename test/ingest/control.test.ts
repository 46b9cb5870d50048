/** Cancel, pause, stop a worker, share work: what people do to an ingest that is under way. */
import { link, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { listWorkers } from '../../src/postgres/ledger/workers.ts'
import { sourceAttribute, targetAttribute } from '../../src/temporal/searchAttributes.ts'
import { build, noticedSoon, until, untilIdle } from '../harness.ts'
import { recordHistory } from '../replay/record.ts'
import { sumOf, writeRows } from '../rows.ts'
import { holdLoads } from '../worker/hold.ts'

const rows = 500_000

const harness = await build()
const path = join(harness.folder, 'rows.csv')
await writeRows(path, rows)
const source = { kind: 'directory' as const, path }

// A test that fails leaves no worker to the next one.
afterEach(() => harness.killWorkers())

const loadedUnits = async (ingestId: string): Promise<number> => {
  const found = await harness.db.query(
    'select count(*) as loaded from sluice.units where ingest_id = $1 and loaded_at is not null',
    [ingestId],
  )
  return found.rows[0].loaded
}
const plannedUnits = async (ingestId: string): Promise<number> => {
  const found = await harness.db.query('select units from sluice.ingests where ingest_id = $1', [
    ingestId,
  ])
  return found.rows[0].units
}
const sessions = async (): Promise<number> => {
  const found = await harness.db.query(
    `select count(*) as sessions from pg_stat_activity
     where application_name like 'sluice/%/load %' and datname = current_database()`,
  )
  return found.rows[0].sessions
}

test('cancel: within 5 s no COPY goes on, the landing table is gone, the target untouched', async () => {
  const worker = await harness.startWorker()
  await harness.db.query(
    `create table kept as select 1 as id, 'x' as name, 1.5 as amount, date '2024-01-01' as day, 'n' as note`,
  )
  const ingestId = await harness.start({ source, target: { table: 'kept', mode: 'replace' } })
  await until(async () => (await loadedUnits(ingestId)) > 0 && (await sessions()) > 0, {
    what: 'a COPY',
  })
  const askedAt = Date.now()
  expect(await harness.steer(ingestId, 'cancel')).toBe(true)
  await until(async () => (await sessions()) === 0, {
    what: 'the end of all COPYs',
    timeoutMs: 5000,
  })
  const view = await harness.ended(ingestId, 5000)
  expect(Date.now() - askedAt).toBeLessThan(5000)
  expect(view).toMatchObject({ state: 'cancelled', error: null })
  const { rows: left } = await harness.db.query(
    `select (select count(*) from pg_class where relname like 'sluice_landing%') as landings,
            (select count(*) from kept) as kept`,
  )
  expect(left[0]).toEqual({ landings: 0, kept: 1 })
  await recordHistory(harness.client, ingestId, 'cancelled')
  // The worker lives on.
  const next = await harness.ingest({ source, target: { table: 'next' } })
  expect(next).toMatchObject({ state: 'completed', rowsLoaded: rows })
  await recordHistory(harness.client, next.ingestId, 'completed')
  worker.kill('SIGTERM')
  expect(await worker.exited).toEqual({ code: 0, signal: null })
})

test('pause starts no more units, resume goes on', async () => {
  await harness.startWorker({ concurrency: 1 })
  const ingestId = await harness.start({ source, target: { table: 'paused' }, parallelism: 1 })
  await until(async () => (await loadedUnits(ingestId)) > 0, { what: 'a unit' })
  await harness.steer(ingestId, 'pause')
  await until(async () => (await sessions()) === 0, { what: 'the units in flight' })
  await untilIdle(harness.client, ingestId)
  const loaded = await loadedUnits(ingestId)
  const { rows: shown } = await harness.db.query(
    'select state from sluice.ingests where ingest_id = $1',
    [ingestId],
  )
  expect(shown[0].state).toBe('paused')
  expect(loaded).toBeLessThan(await plannedUnits(ingestId))
  await harness.steer(ingestId, 'resume')
  expect(await harness.ended(ingestId)).toMatchObject({ state: 'completed', rowsLoaded: rows })
  await recordHistory(harness.client, ingestId, 'paused')
})

test('three replicas share the units of one ingest, each unit on one worker only', async () => {
  const workers = await Promise.all([
    harness.startWorker(),
    harness.startWorker(),
    harness.startWorker(),
  ])
  const view = await harness.ingest({ source, target: { table: 'shared' } })
  expect(view).toMatchObject({ state: 'completed', rowsLoaded: rows })
  const started = workers.map(
    (worker) => worker.output().split(`loadUnit[${view.ingestId}] started`).length - 1,
  )
  expect(started.reduce((sum, each) => sum + each)).toBe(view.units)
  expect(started.filter((each) => each > 0).length).toBeGreaterThan(1)
  const { rows: receipts } = await harness.db.query(
    `select worker, count(*) as units, max(attempt) as attempt
     from sluice.units where ingest_id = $1 group by 1`,
    [view.ingestId],
  )
  for (const [index, worker] of workers.entries()) {
    const mine = receipts.find((receipt) => receipt.worker.startsWith(`${worker.pid}@`))
    expect(mine?.units ?? 0).toBe(started[index])
  }
  expect(Math.max(...receipts.map(({ attempt }) => attempt))).toBe(1)
  for (const worker of workers) worker.kill('SIGTERM')
  for (const worker of workers) expect(await worker.exited).toEqual({ code: 0, signal: null })
})

test('SIGTERM in the middle: units in flight end or go to another worker, nothing is lost', async () => {
  const leaving = await harness.startWorker()
  const ingestId = await harness.start({ source, target: { table: 'drained' } })
  await until(async () => (await sessions()) > 0, { what: 'a COPY' })
  leaving.kill('SIGTERM')
  expect(await leaving.exited).toEqual({ code: 0, signal: null })
  await harness.startWorker()
  expect(await harness.ended(ingestId)).toMatchObject({ state: 'completed', rowsLoaded: rows })
  const found = await harness.db.query(
    'select count(*) as rows, sum(id)::bigint as sum from drained',
  )
  expect(found.rows[0]).toEqual({ rows, sum: sumOf(rows) })
})

test('a second SIGTERM leaves at once, and nothing is lost', async ({ onTestFinished }) => {
  // No receipt can be written meanwhile, so no unit ends within the grace time.
  const held = await holdLoads(harness)
  const letGo = async () => {
    await held.release()
    await harness.db.query('drop function if exists hold cascade')
  }
  onTestFinished(letGo)
  const leaving = await harness.startWorker()
  const ingestId = await harness.start({ source, target: { table: '"left"' } }, noticedSoon)
  await until(async () => (await held.count()) > 0, { what: 'a load', worker: leaving })
  leaving.kill('SIGTERM')
  await until(() => leaving.output().includes('again to leave'), { what: 'the first signal' })
  const isStopping = async () =>
    (await listWorkers(harness.db)).some(
      ({ pid, state }) => pid === leaving.pid && state === 'stopping',
    )
  await until(isStopping, { what: 'the report that it stops', worker: leaving })
  // Two signals within 300 ms are one: see echoMs in src/signals.ts.
  await sleep(400)
  leaving.kill('SIGTERM')
  expect(await leaving.exited).toEqual({ code: 143, signal: null })
  await letGo()
  await harness.startWorker()
  expect(await harness.ended(ingestId)).toMatchObject({ state: 'completed', rowsLoaded: rows })
  const found = await harness.db.query(
    'select count(*) as rows, sum(id)::bigint as sum from "left"',
  )
  expect(found.rows[0]).toEqual({ rows, sum: sumOf(rows) })
})

test('an urgent ingest overtakes a large one on the same worker', async () => {
  const folder = join(harness.folder, 'large')
  await mkdir(folder)
  for (let copy = 0; copy < 6; copy++) await link(path, join(folder, `${copy}.csv`))
  const queue = `${harness.queue}-priority`
  await harness.startWorker({ concurrency: 1, queue })
  const all = { kind: 'directory' as const, path: folder }
  const large = await harness.start({
    source: all,
    target: { table: 'large' },
    parallelism: 200,
    queue,
  })
  await until(async () => (await loadedUnits(large)) > 0, { what: 'a unit of the large one' })
  const urgent = await harness.start({
    source: { kind: 'directory', path: await harness.file('urgent.csv', 'n\n1\n') },
    target: { table: 'urgent' },
    priority: 1,
    queue,
  })
  await harness.ended(urgent)
  const { rows: units } = await harness.db.query(
    'select count(*) as left from sluice.units where ingest_id = $1 and loaded_at is null',
    [large],
  )
  expect(units[0].left).toBeGreaterThan(0)
  expect(await harness.ended(large)).toMatchObject({ state: 'completed', rowsLoaded: 6 * rows })
})

test('an ingest of many lots goes on in new runs, and its history stays short', async () => {
  await harness.startWorker()
  const folder = join(harness.folder, 'many')
  await mkdir(folder)
  const names = Array.from({ length: 4000 }, (_, n) =>
    join(folder, `f${String(n).padStart(4, '0')}.csv`),
  )
  for (const [n, name] of names.entries()) await writeFile(name, `n,text\n${n},row of ${n}\n`)
  const ingestId = await harness.start(
    { source: { kind: 'directory', path: folder }, target: { table: 'many' }, parallelism: 2 },
    { historyEventsMax: 15 },
  )
  const view = await harness.ended(ingestId)
  expect(view).toMatchObject({ state: 'completed', files: 4000, rowsLoaded: 4000, rowsRejected: 0 })
  expect(view.units).toBeLessThan(10)
  const found = await harness.db.query('select count(distinct n) as rows from many')
  expect(found.rows[0].rows).toBe(4000)
  const first = await harness.client.workflowService.listWorkflowExecutions({
    namespace: 'default',
    query: `WorkflowId = '${ingestId}'`,
  })
  await until(
    async () => {
      const { executions } = await harness.client.workflowService.listWorkflowExecutions({
        namespace: 'default',
        query: `WorkflowId = '${ingestId}'`,
      })
      return (executions?.length ?? 0) > 2
    },
    { what: `several runs, not ${first.executions?.length}` },
  )
  await recordHistory(harness.client, ingestId, 'continued')
})

test('the Temporal Web UI has what people look for', async () => {
  await harness.startWorker()
  const view = await harness.ingest({ source, target: { table: 'seen' } })
  const handle = harness.client.workflow.getHandle(view.ingestId)
  const description = await handle.describe()
  expect(await description.staticSummary()).toBe('directory → public.seen')
  expect(description.typedSearchAttributes.get(targetAttribute)).toBe('public.seen')
  expect(description.typedSearchAttributes.get(sourceAttribute)).toBe('directory')
  const { currentDetails } = await handle.query<{ currentDetails: string }>(
    '__temporal_workflow_metadata',
  )
  expect(currentDetails).toContain(`units: ${view.units}\n`)
  expect(currentDetails).toContain(`rows: ${rows} loaded, 0 rejected`)
  expect(await handle.result()).toMatchObject({ rowsRead: rows, rowsLoaded: rows, rowsRejected: 0 })
  expect(description.historyLength).toBeLessThan(4096)
})

test('the same id and spec again is the same ingest', async () => {
  await harness.startWorker()
  const few = { kind: 'directory' as const, path: await harness.file('few.csv', 'n\n1\n2\n') }
  const spec = { id: 'again', source: few, target: { table: 'again' } }
  const first = await harness.ingest(spec)
  const second = await harness.ingest(spec)
  expect(second).toEqual(first)
  const found = await harness.db.query('select count(*) as rows from again')
  expect(found.rows[0].rows).toBe(2)
  await expect(harness.start({ ...spec, target: { table: 'other' } })).rejects.toThrow(
    /another spec/,
  )
})
