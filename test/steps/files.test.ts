/** Files that share an activity for a step: each is done once, and none takes another one with it. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { outputOf } from '../dist.ts'
import { build, type Harness, noticedSoon, until, type WorkerProcess } from '../harness.ts'
import { recordHistory } from '../replay/record.ts'

const app = outputOf(fileURLToPath(new URL('app.ts', import.meta.url)))
const worker = { args: ['--app', app] }
const count = 40

/** Files of one row and one reject each. `named` says what the step does with some of them. */
async function folder(harness: Harness, named: Record<number, string>): Promise<string> {
  const path = join(harness.folder, 'files')
  await mkdir(path)
  for (let no = 0; no < count; no++) {
    const name = `${String(no).padStart(3, '0')}-${named[no] ?? 'does'}.csv`
    await writeFile(join(path, name), `n\n${no}\nx\n`)
  }
  await harness.db.query('create table target (n bigint)')
  return path
}

/** One lane: the first activity is for half of the files. */
const specOf = (path: string) => ({
  source: { kind: 'directory' as const, path: `${path}/*.csv` },
  steps: ['as_named'],
  target: { table: 'target' },
  rejects: { max: '100%' },
  parallelism: 1,
})

async function runs(path: string): Promise<Map<number, number>> {
  const log = await readFile(join(path, 'runs.log'), 'utf8').catch(() => '')
  const files = log
    .split('\n')
    .filter(Boolean)
    .map((line) => Number(line.split(' ').at(-1)))
  const counted = new Map<number, number>()
  for (const file of files) counted.set(file, (counted.get(file) ?? 0) + 1)
  return counted
}

const receipts = async ({ db }: Harness, ingestId: string) => {
  const { rows } = await db.query(
    `select file_no as "fileNo", attempt, failures, result from sluice.steps
     where ingest_id = $1 and finished_at is not null order by file_no`,
    [ingestId],
  )
  return rows
}

/** Every row and every reject once, a receipt for each file, and nothing left in the stage. */
async function mustBeWhole(harness: Harness, ingestId: string): Promise<void> {
  expect(await harness.ended(ingestId)).toMatchObject({
    state: 'completed',
    error: null,
    rowsRead: 2 * count,
    rowsLoaded: count,
    rowsRejected: count,
    stepsFinished: count,
  })
  const { rows } = await harness.db.query('select n from target order by n')
  expect(rows).toEqual(numbers.map((n) => ({ n })))
  const found = await harness.rejects(ingestId)
  expect(found.map(({ fileNo }) => fileNo)).toEqual(numbers)
  expect((await receipts(harness, ingestId)).map(({ result }) => result)).toEqual(numbers)
  await harness.cleared(ingestId)
}

const numbers = Array.from({ length: count }, (_, no) => no)

/** How many activities there were of each type. */
async function activities(harness: Harness, ingestId: string): Promise<Record<string, number>> {
  const { events } = await harness.client.workflow.getHandle(ingestId).fetchHistory()
  const counted: Record<string, number> = {}
  for (const { activityTaskScheduledEventAttributes: scheduled } of events ?? []) {
    const name = scheduled?.activityType?.name
    if (name) counted[name] = (counted[name] ?? 0) + 1
  }
  return counted
}

/** The files of the one that is waited for have their receipts. */
async function untilWaits(harness: Harness, path: string, ingestId: string, fileNo: number) {
  await until(async () => (await runs(path)).has(fileNo), { what: 'the file that waits' })
  await until(async () => (await receipts(harness, ingestId)).length >= fileNo, {
    what: 'receipts',
  })
}

describe.concurrent('files that share an activity', () => {
  test('are done once, and those that go wrong are tried by themselves', async ({
    onTestFinished,
  }) => {
    const harness = await build({ onEnd: onTestFinished })
    const path = await folder(harness, { 3: 'throws', 5: 'hangs', 30: 'throws' })
    const started = await harness.startWorker(worker)
    const ingestId = await harness.start({ ...specOf(path), steps: ['as_named_soon'] })
    await mustBeWhole(harness, ingestId)
    await recordHistory(harness.client, ingestId, 'stepsShared')
    const tried = new Map(numbers.map((no) => [no, [3, 5, 30].includes(no) ? 2 : 1]))
    expect(await runs(path)).toEqual(tried)
    const found = await receipts(harness, ingestId)
    expect(new Map(found.map(({ fileNo, attempt }) => [fileNo, attempt]))).toEqual(tried)
    expect(found.map(({ failures }) => failures).filter(Boolean)).toEqual([1, 1])
    const counted = await activities(harness, ingestId)
    expect(counted.runStep).toBeGreaterThanOrEqual(3)
    expect(counted.runStep).toBeLessThan(count)
    // Each file has the events of its task in the log.
    const events = (event: string) =>
      started.output().match(new RegExp(`as_named_soon\\[\\S+\\] file \\d+ ${event}`, 'g'))?.length
    expect(events('started')).toBeGreaterThanOrEqual(20)
    expect(events('retried')).toBeGreaterThanOrEqual(2)
  })

  test('survive their worker: what has a receipt is not done again', async ({ onTestFinished }) => {
    const harness = await build({ onEnd: onTestFinished })
    const path = await folder(harness, { 7: 'waits' })
    const victim = await harness.startWorker(worker)
    const ingestId = await harness.start(specOf(path), noticedSoon)
    await untilWaits(harness, path, ingestId, 7)
    await harness.startWorker(worker)
    victim.kill('SIGKILL')
    await until(async () => (await runs(path)).get(7) === 2, { what: 'another attempt' })
    await writeFile(join(path, 'go'), '')
    await mustBeWhole(harness, ingestId)
    expect(await runs(path)).toEqual(new Map(numbers.map((no) => [no, no === 7 ? 2 : 1])))
    const [, , , , , , , seventh, ...others] = await receipts(harness, ingestId)
    expect(seventh).toMatchObject({ attempt: 2, failures: 0 })
    // The others of the same activity count its attempt, those of the next one do not.
    expect(others.at(-1)).toMatchObject({ attempt: 1, failures: 0 })
  })

  test('are parted from one that kills its workers', { timeout: 120_000 }, async ({
    onTestFinished,
  }) => {
    const harness = await build({ onEnd: onTestFinished })
    const path = await folder(harness, { 7: 'kills' })
    let deaths = 0
    let over = false
    const keep = async (): Promise<void> => {
      const { exited }: WorkerProcess = await harness.startWorker(worker)
      void exited.then(({ signal }) => {
        if (over || signal !== 'SIGKILL') return
        deaths++
        return keep()
      })
    }
    await keep()
    const ingestId = await harness.start(specOf(path), noticedSoon)
    await mustBeWhole(harness, ingestId)
    over = true
    expect(deaths).toBe(2)
    const counted = await runs(path)
    expect(counted.get(7)).toBe(3)
    // A receipt that was on its way when the worker died is the only reason to do one again.
    for (const no of numbers) if (no > 7) expect(counted.get(no)).toBe(1)
    const found = await receipts(harness, ingestId)
    expect(found[7]).toMatchObject({ attempt: 3, failures: 0 })
    expect((await activities(harness, ingestId)).runStepOnFiles).toBeGreaterThan(0)
    const { rows } = await harness.db.query(
      'select file_no from sluice.steps where ingest_id = $1 and begun > 1',
      [ingestId],
    )
    expect(rows).toEqual([{ file_no: 7 }])
  })

  test('wait while the ingest is paused, but for the one that is under way', async ({
    onTestFinished,
  }) => {
    const harness = await build({ onEnd: onTestFinished })
    const path = await folder(harness, { 5: 'waits' })
    await harness.startWorker(worker)
    const ingestId = await harness.start(specOf(path))
    await untilWaits(harness, path, ingestId, 5)
    await harness.steer(ingestId, 'pause')
    const state = async () => {
      const { rows } = await harness.db.query(
        'select state from sluice.ingests where ingest_id = $1',
        [ingestId],
      )
      return rows[0].state
    }
    await until(async () => (await state()) === 'paused', { what: 'the pause' })
    await writeFile(join(path, 'go'), '')
    await until(async () => (await receipts(harness, ingestId)).length === 6, { what: 'its end' })
    const { client } = harness
    await until(
      async () => {
        const { raw } = await client.workflow.getHandle(ingestId).describe()
        return !raw.pendingWorkflowTask && (raw.pendingActivities ?? []).length === 0
      },
      { what: 'an idle workflow' },
    )
    expect([...(await runs(path)).keys()]).toEqual([0, 1, 2, 3, 4, 5])
    await harness.steer(ingestId, 'resume')
    await mustBeWhole(harness, ingestId)
    expect(await runs(path)).toEqual(new Map(numbers.map((no) => [no, 1])))
  })

  test('are not begun after a cancel', async ({ onTestFinished }) => {
    const harness = await build({ onEnd: onTestFinished })
    const path = await folder(harness, { 5: 'waits' })
    await harness.startWorker(worker)
    const ingestId = await harness.start(specOf(path))
    await untilWaits(harness, path, ingestId, 5)
    await harness.steer(ingestId, 'cancel')
    expect(await harness.ended(ingestId, 10_000)).toMatchObject({ state: 'cancelled' })
    await harness.cleared(ingestId)
    expect([...(await runs(path)).keys()]).toEqual([0, 1, 2, 3, 4, 5])
  })
})
