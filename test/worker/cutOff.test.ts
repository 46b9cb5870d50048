/** A worker that PostgreSQL does not answer takes no tasks until it does. */
import { expect, test } from 'vitest'
import { openProxy, type Proxy } from '../../chaos/proxy.ts'
import { listWorkers } from '../../src/postgres/ledger/workers.ts'
import { build, eachVerb, type Harness, until, type WorkerProcess } from '../harness.ts'
import { unitFiles } from './hold.ts'

const units = 12
const cutOff = 'PostgreSQL has not answered for 10 s: takes no more tasks until it does'
const answered = 'PostgreSQL answers again: takes tasks'

type OnEnd = (tearDown: () => Promise<void>) => void

async function gated(onEnd: OnEnd) {
  const harness = await build({ onEnd, start: eachVerb })
  const proxy = await openProxy(harness.databaseUrl)
  onEnd(() => proxy.close())
  const DATABASE_URL = proxy.url(harness.databaseUrl)
  const startBehind = (name: string) =>
    harness.startWorker({ args: ['--name', name], env: { DATABASE_URL } })
  return { harness, proxy, startBehind, path: await unitFiles(harness, units) }
}

const start = (harness: Harness, path: string, table: string) =>
  harness.start({ source: { kind: 'directory', path }, target: { table } })

const untilSaid = (text: string, ...workers: WorkerProcess[]) =>
  until(() => workers.every((worker) => worker.output().includes(text)), { what: text })

async function expectOnce(harness: Harness, ingestId: string, table: string): Promise<void> {
  const view = await harness.ended(ingestId)
  expect(view).toMatchObject({ state: 'completed', rowsLoaded: 2 * units, rowsRejected: 0 })
  const { rows } = await harness.db.query(
    `select count(*) as rows, count(distinct (a, b)) as distinct,
            (select count(*) from sluice.units
             where ingest_id = $1 and loaded_at is not null) as receipts
     from ${table}`,
    [ingestId],
  )
  expect(rows[0]).toEqual({ rows: 2 * units, distinct: 2 * units, receipts: units })
}

const taken = (worker: WorkerProcess, ingestId: string): number =>
  worker.output().split(`[${ingestId}] received`).length - 1

test.concurrent.for<[string, (proxy: Proxy) => void]>([
  ['no byte passes', (proxy) => proxy.stall()],
  ['connections are refused', (proxy) => proxy.cut()],
])(
  'one of two is cut off, %s: tasks run on the other, and it serves again later',
  async ([, away], { onTestFinished }) => {
    const { harness, proxy, startBehind, path } = await gated(onTestFinished)
    const [lost, other] = await Promise.all([
      startBehind('lost'),
      harness.startWorker({ args: ['--name', 'other'] }),
    ])
    away(proxy)
    await untilSaid(cutOff, lost)
    const during = await start(harness, path, 'during')
    await expectOnce(harness, during, 'during')
    expect(taken(lost, during)).toBe(0)
    proxy.mend()
    await untilSaid(answered, lost)
    other.kill('SIGTERM')
    await other.exited
    const after = await start(harness, path, 'after')
    await expectOnce(harness, after, 'after')
    expect(taken(lost, after)).toBeGreaterThan(units)
    expect(lost.output().split(cutOff)).toHaveLength(2)
    expect(lost.output().split(answered)).toHaveLength(2)
    expect(other.output()).not.toContain(cutOff)
  },
)

test.concurrent('all are cut off for long, in the middle of an ingest: nothing gets stuck, and all come back', async ({
  onTestFinished,
}) => {
  const { harness, proxy, startBehind, path } = await gated(onTestFinished)
  const workers = await Promise.all(['one', 'two'].map(startBehind))
  const before = await start(harness, path, 'before')
  await until(() => workers.some((worker) => taken(worker, before) > 0), { what: 'the first task' })
  proxy.cut()
  await untilSaid(cutOff, ...workers)
  const during = await start(harness, path, 'during')
  proxy.mend()
  await untilSaid(answered, ...workers)
  await expectOnce(harness, before, 'before')
  await expectOnce(harness, during, 'during')
  const states = async () => (await listWorkers(harness.db)).map(({ state }) => state)
  await until(async () => (await states()).every((state) => state === 'running'), {
    what: 'both workers in the ledger',
  })
  for (const worker of workers) expect(worker.output().split(cutOff)).toHaveLength(2)
})

test.concurrent('a few seconds without PostgreSQL are no reason', async ({ onTestFinished }) => {
  const { harness, proxy, startBehind, path } = await gated(onTestFinished)
  const worker = await startBehind('one')
  proxy.cut()
  await until(() => worker.output().includes('cannot report'), { what: 'its silence' })
  const silentMs = async () => (await listWorkers(harness.db))[0]?.silentMs ?? 0
  await until(async () => (await silentMs()) > 5000, { what: 'a few seconds' })
  proxy.mend()
  await expectOnce(harness, await start(harness, path, 'rows'), 'rows')
  expect(worker.output()).not.toContain(cutOff)
})
