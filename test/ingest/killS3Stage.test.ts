/** A stage in S3 that fails, and workers that are killed at it: every row once, and nothing is left. */
import { join } from 'node:path'
import { expect, type TestContext, test } from 'vitest'
import { build, eachVerb, type Harness, noticedSoon, until } from '../harness.ts'
import { sumOf, writeRows } from '../rows.ts'
import { type FakeOptions, type FakeS3, startFakeS3 } from '../s3/fakeS3.ts'
import type { ErrorAnswer } from '../s3/signature.ts'
import { stageIn } from './stageInS3.ts'

/** How the store answers for a while; null as it should. */
type Before = NonNullable<FakeOptions['before']>

interface Scene {
  harness: Harness
  store: FakeS3
  rows: number
  /** Starts an ingest of a file of so many rows. */
  start(): Promise<string>
}

async function scene(
  { onTestFinished }: Pick<TestContext, 'onTestFinished'>,
  before: Before,
  rows = 1000,
): Promise<Scene> {
  const store = await startFakeS3({ before })
  const harness = await build({ onEnd: onTestFinished, stage: stageIn(store.endpoint) })
  onTestFinished(store.close)
  await harness.db.query(
    'create table once (id bigint, name text, amount text, day date, note text)',
  )
  const path = join(harness.folder, 'rows.csv')
  await writeRows(path, rows)
  const spec = { source: { kind: 'directory' as const, path }, target: { table: 'once' } }
  return { harness, store, rows, start: () => harness.start(spec, { ...eachVerb, ...noticedSoon }) }
}

async function expectOnce({ harness, store, rows }: Scene, ingestId: string): Promise<void> {
  const counts = { rowsRead: rows, rowsLoaded: rows, rowsRejected: 0 }
  expect(await harness.ended(ingestId)).toMatchObject({
    state: 'completed',
    error: null,
    ...counts,
  })
  const { rows: found } = await harness.db.query(
    `select count(*)::int as rows, count(distinct id)::int as ids, sum(id)::bigint as sum,
            (select sum(rows_loaded)::int from sluice.units where ingest_id = $1) as receipts,
            (select count(*)::int from sluice.rejects where ingest_id = $1) as rejects
     from once`,
    [ingestId],
  )
  expect(found).toEqual([{ rows, ids: rows, sum: sumOf(rows), receipts: rows, rejects: 0 }])
  await harness.cleared(ingestId)
  expect(store.keys().filter((key) => key.includes('/ingests/'))).toEqual([])
}

const isPart = (url = '') => /\/ingests\/[^?]+\/\d{15}-\d+$/.test(url)

test.concurrent.for([
  ['while it puts a file', 'PUT'],
  ['while it reads a unit', 'GET'],
] as const)('a worker is killed %s', async ([, method], context) => {
  let asked = 0
  let isHeld = true
  const before: Before = ({ method: how, url }) => {
    if (!isHeld || how !== method || !isPart(url)) return null
    // The first one is let through.
    return ++asked > 1 ? 'silent' : null
  }
  const at = await scene(context, before, 200_000)
  const victim = await at.harness.startWorker()
  const ingestId = await at.start()
  await until(() => asked > 1, { what: method, worker: victim })
  // Whoever is held stays so; the next one is not.
  isHeld = false
  victim.kill('SIGKILL')
  await victim.exited
  const other = await at.harness.startWorker()
  await expectOnce(at, ingestId)
  expect(other.output()).toContain(ingestId)
})

const faults = [
  [{ status: 503, code: 'SlowDown' }, 'stage_unavailable'],
  [{ status: 507, code: 'XMinioStorageFull' }, 'stage_full'],
  [{ status: 403, code: 'AccessDenied' }, 'stage_refused'],
] as const

test.concurrent('a store that is away, is full or refuses for a while is waited for', async (context) => {
  let answer: ErrorAnswer | null = null
  const at = await scene(context, ({ url = '' }) => (url.includes('/ingests/') ? answer : null))
  await at.harness.startWorker()
  for (const [refusal, code] of faults) {
    answer = refusal
    const ingestId = await at.start()
    const failure = async () => {
      const { raw } = await at.harness.client.workflow.getHandle(ingestId).describe()
      return raw.pendingActivities?.[0]?.lastFailure?.applicationFailureInfo?.type
    }
    await until(async () => (await failure()) === code, { what: code })
    answer = null
    await expectOnce(at, ingestId)
    await at.harness.db.query('truncate once')
  }
})

test.for([
  [
    'has no such bucket',
    { status: 404, code: 'NoSuchBucket' },
    /make the bucket, or correct SLUICE_STAGE/,
  ],
  ['refuses', { status: 403, code: 'AccessDenied' }, /s3:PutObject and s3:DeleteObject/],
] as const)(
  'a worker whose store %s says so and ends',
  async ([, answer, said], { onTestFinished }) => {
    const store = await startFakeS3({ before: () => answer })
    onTestFinished(store.close)
    const harness = await build({ onEnd: onTestFinished, stage: stageIn(store.endpoint) })
    const starting = harness.startWorker()
    await expect(starting).rejects.toThrow(said)
    await expect(starting).rejects.toThrow('The stage s3://bucket/stage refuses')
  },
)
