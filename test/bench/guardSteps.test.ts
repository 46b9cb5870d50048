/** What steps cost, in things that can be counted: events, and questions to PostgreSQL. */
import { randomUUID } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MockActivityEnvironment } from '@temporalio/testing'
import { expect, test, vi } from 'vitest'
import { createActivities } from '../../activities/index.ts'
import { openDb } from '../../src/postgres/db.ts'
import { enterIngest } from '../../src/postgres/ledger/ingests.ts'
import { defineSteps } from '../../src/postgres/ledger/steps.ts'
import { fullSpec } from '../../src/spec/spec.ts'
import { planOf } from '../../src/steps/app.ts'
import { defineStep } from '../../src/steps/define.ts'
import { outputOf } from '../dist.ts'
import { build } from '../harness.ts'
import { testDeps } from '../ingest/deps.ts'
import { openWire } from './wire.ts'

const harness = await build()
const app = outputOf(fileURLToPath(new URL('../steps/app.ts', import.meta.url)))
const files = 100
/** How long a step takes by the clock of the test: real time passes as fast as the machine lets it. */
let stepMs = 0
const empty = defineStep({
  name: 'empty',
  run: () => void (stepMs > 0 && vi.advanceTimersByTime(stepMs)),
})

async function folder(name: string, count: number): Promise<string> {
  const path = join(harness.folder, name)
  await mkdir(path)
  for (let no = 0; no < count; no++) await writeFile(join(path, `${no}.csv`), `n\n${no}\n`)
  return path
}

const sourceOf = (path: string) => ({ kind: 'directory', path }) as const

type Activities = ReturnType<typeof createActivities>

interface Counted {
  activities: Activities
  ingestId: string
  /** Round trips so far. */
  trips(): number
}

/** Does something to an ingest of steps alone, past what counts its round trips. */
async function counted<T>(
  count: number,
  work: (ingest: Counted) => Promise<T>,
  isLimited = false,
): Promise<T> {
  const wire = await openWire(harness.databaseUrl)
  const db = openDb(wire.url, { max: 2, name: 'guard' })
  try {
    const ingestId = randomUUID()
    const source = sourceOf(await folder(ingestId, count))
    await defineSteps(harness.db, 'guard', [planOf(empty)])
    const spec = fullSpec({ source, steps: ['empty'] })
    await enterIngest(harness.db, { ingestId, spec, target: null })
    // Connections are opened with a question of their own.
    await Promise.all([db.query('select pg_sleep(0.1)'), db.query('select pg_sleep(0.1)')])
    const steps = new Map([['empty', empty]])
    const before = wire.sent.roundTrips
    const deps = { ...testDeps(harness), db, steps, isRateLimited: async () => isLimited }
    const trips = () => wire.sent.roundTrips - before
    return await work({ activities: createActivities(deps), ingestId, trips })
  } finally {
    await db.end()
    await wire.close()
  }
}

const run = <I, T>(activity: (input: I) => Promise<T>, input: I): Promise<T> =>
  new MockActivityEnvironment().run(activity, input)

test('a step of a single file takes few round trips from the list to the end', async () => {
  const trips = await counted(1, async ({ activities, ingestId, trips: sent }) => {
    const begun = await run(activities.beginIngest, { ingestId, smallBytesMax: 1000 })
    expect(begun).toMatchObject({ counts: { files: 1 } })
    return sent()
  })
  expect(trips).toBeLessThanOrEqual(14)
})

/** The round trips of a step for a hundred files, each of which takes so long. */
const tripsOfFiles = (ms: number): Promise<number> =>
  counted(files, async ({ activities, ingestId, trips }) => {
    const all = { fileNo: 0, files, stepNo: 0, step: 'empty', fileSoftMs: 60_000, beginMs: 60_000 }
    await run(activities.listSource, { ingestId })
    await run(activities.stageLot, { ingestId, lotNo: 0 })
    const before = trips()
    stepMs = ms
    vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] })
    try {
      const done = await run(activities.runStepOnFiles, { ingestId, ...all })
      expect(done).toMatchObject({ next: files })
      return trips() - before
    } finally {
      vi.useRealTimers()
      stepMs = 0
    }
  })

test('files whose step takes no time share the statements of their receipts', async () => {
  expect(await tripsOfFiles(0)).toBeLessThanOrEqual(6)
})

test('files whose step takes a while: receipts come every 20 ms, a look at the ledger after 50', async () => {
  const trips = await tripsOfFiles(5)
  const tookMs = files * 5
  expect(trips).toBeGreaterThanOrEqual(tookMs / 70)
  expect(trips).toBeLessThanOrEqual(6 + tookMs / 20 + tookMs / 50)
})

test('where starts are limited, each file is a start of its own', async () => {
  const all = { fileNo: 0, files: 3, stepNo: 0, step: 'empty', fileSoftMs: 60_000, beginMs: 60_000 }
  const next: number[] = []
  await counted(
    3,
    async ({ activities, ingestId }) => {
      await run(activities.listSource, { ingestId })
      await run(activities.stageLot, { ingestId, lotNo: 0 })
      for (let time = 0; time < 3; time++) {
        next.push((await run(activities.runStepOnFiles, { ingestId, ...all })).next)
      }
    },
    true,
  )
  expect(next).toEqual([1, 2, 3])
})

test('the history of a step of a single file has few events', async () => {
  await harness.startWorker({ args: ['--app', app] })
  const source = sourceOf(await folder('one', 1))
  const { ingestId, state, stepsFinished } = await harness.ingest({ source, steps: ['upper'] })
  expect({ state, stepsFinished }).toEqual({ state: 'completed', stepsFinished: 1 })
  const handle = harness.client.workflow.getHandle(ingestId)
  await handle.result()
  const { events } = await handle.fetchHistory()
  expect(events?.length).toBeLessThanOrEqual(11)
})
