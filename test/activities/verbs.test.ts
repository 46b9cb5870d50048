/** The verbs as plain functions, against a real PostgreSQL and stage, and without Temporal. */
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Attempt } from '../../activities/attempt/attempt.ts'
import { listSource } from '../../activities/list.ts'
import { loadUnit } from '../../activities/load.ts'
import { markPaused } from '../../activities/pause.ts'
import { planIngest } from '../../activities/plan.ts'
import { publishIngest } from '../../activities/publish.ts'
import { retryRejects } from '../../activities/retry.ts'
import { stageLot } from '../../activities/stage.ts'
import { sweepIngest } from '../../activities/sweep.ts'
import { enterIngest } from '../../src/postgres/ledger/ingests.ts'
import { viewIngest } from '../../src/postgres/ledger/views.ts'
import { fullSpec } from '../../src/spec/spec.ts'
import type { Stage } from '../../src/stage/stage.ts'
import { anyRejects, build } from '../harness.ts'
import { attemptOf } from './attempt.ts'

const harness = await build(anyRejects)

const completed = { state: 'completed' as const, error: null }

/** Of three records one is a reject. */
const content = 'id,n\n1,10\n2,x\n3,30\n'

async function entered(): Promise<{ ingestId: string; table: string; path: string }> {
  const ingestId = randomUUID()
  const table = `t_${ingestId.slice(0, 8)}`
  const path = await harness.file(`${table}.csv`, content)
  await harness.db.query(`create table ${table} (id int, n int)`)
  const target = { table }
  const spec = fullSpec({ source: { kind: 'directory', path }, target, ...anyRejects.spec })
  await enterIngest(harness.db, { ingestId, spec, target: `public.${table}` })
  return { ingestId, table, path }
}

/** An ingest of one unit, ready to load. */
async function planned(attempt: Attempt): Promise<{ ingestId: string; table: string }> {
  const ingest = await entered()
  const { ingestId } = ingest
  await listSource(attempt, { ingestId })
  await stageLot(attempt, { ingestId, lotNo: 0 })
  await planIngest(attempt, { ingestId })
  return ingest
}

async function rowsOf(table: string): Promise<number[]> {
  const { rows } = await harness.db.query(`select n from ${table} order by id`)
  return rows.map(({ n }) => n)
}

async function receipts(ingestId: string) {
  const { rows } = await harness.db.query(
    `select rows_loaded as "rowsLoaded", attempt from sluice.units
     where ingest_id = $1 and loaded_at is not null`,
    [ingestId],
  )
  return rows
}

test('one attempt runs an ingest from its list to its sweep, and a retry of its rejects', async () => {
  const { ingestId, table } = await entered()
  const attempt = attemptOf(harness)
  expect(await listSource(attempt, { ingestId })).toEqual({ files: 1, lots: 1 })
  await stageLot(attempt, { ingestId, lotNo: 0 })
  const { units, records } = await planIngest(attempt, { ingestId })
  expect({ units, records }).toEqual({ units: 1, records: 3 })
  const receipt = await loadUnit(attempt, { ingestId, unitNo: 0 })
  expect(receipt).toMatchObject({ rowsRead: 3, rowsLoaded: 2, rowsRejected: 1 })
  expect(await rowsOf(table)).toEqual([])
  const counts = await publishIngest(attempt, { ingestId, records })
  expect(counts).toMatchObject({ rowsRead: 3, rowsLoaded: 2, rowsRejected: 1 })
  await sweepIngest(attempt, { ingestId, outcome: completed })
  expect(await rowsOf(table)).toEqual([10, 30])
  expect(existsSync(join(harness.folder, '.stage/ingests', ingestId))).toBe(false)
  expect(await viewIngest(harness.db, ingestId)).toMatchObject({ state: 'completed' })

  const [reject] = await harness.rejects(ingestId)
  const corrections = `file,line,raw\n${reject?.file},${reject?.line},"2,20"\n`
  const { sha256 } = await harness.stage.uploads.put('corrected.csv', bytesOf(corrections))
  const order = { ingestId, retryId: 'retry-1', upload: { name: 'corrected.csv', sha256 } }
  const retried = await retryRejects(attempt, order)
  expect(retried).toEqual({ rowsTried: 1, rowsLoaded: 1, rowsRejected: 0, rowsOpen: 0 })
  // A second attempt finds what the first one recorded.
  expect(await retryRejects(attemptOf(harness, { attemptNo: 2 }), order)).toEqual(retried)
  expect(await rowsOf(table)).toEqual([10, 20, 30])
})

async function* bytesOf(text: string): AsyncGenerator<Buffer> {
  yield Buffer.from(text)
}

test('every verb may be tried again: what it did is there once', async () => {
  const { ingestId, table } = await entered()
  const attempts = [1, 2, 3].map((attemptNo) => attemptOf(harness, { attemptNo }))
  const thrice = async <T>(verb: (attempt: Attempt) => Promise<T>): Promise<T> => {
    const results: T[] = []
    for (const attempt of attempts) results.push(await verb(attempt))
    for (const result of results) expect(result).toEqual(results[0])
    return results[0] as T
  }
  await thrice((attempt) => listSource(attempt, { ingestId }))
  await thrice((attempt) => stageLot(attempt, { ingestId, lotNo: 0 }))
  const { records } = await thrice((attempt) => planIngest(attempt, { ingestId }))
  const receipt = await thrice((attempt) => loadUnit(attempt, { ingestId, unitNo: 0 }))
  expect(receipt).toMatchObject({ rowsLoaded: 2, rowsRejected: 1 })
  expect(await receipts(ingestId)).toEqual([{ rowsLoaded: 2, attempt: 1 }])
  await thrice((attempt) => publishIngest(attempt, { ingestId, records }))
  await thrice((attempt) => sweepIngest(attempt, { ingestId, outcome: completed }))
  expect(await rowsOf(table)).toEqual([10, 30])
  expect(await harness.rejects(ingestId)).toHaveLength(1)
})

/** A stage that calls `onBytes` before it gives the bytes of a staged file. */
const withReader = (onBytes: () => void): Stage => ({
  ...harness.stage,
  async *read(file, range) {
    for await (const bytes of harness.stage.read(file, range)) {
      yield bytes.subarray(0, 6)
      onBytes()
      yield bytes.subarray(6)
    }
  },
})

test('a load that breaks off leaves nothing, and the next attempt starts clean', async () => {
  const { ingestId } = await planned(attemptOf(harness))
  const stage = withReader(() => {
    throw new Error('the disk is gone')
  })
  const ref = { ingestId, unitNo: 0 }
  await expect(loadUnit(attemptOf(harness, { stage }), ref)).rejects.toThrow('the disk is gone')
  expect(await receipts(ingestId)).toEqual([])
  expect(await harness.rejects(ingestId)).toEqual([])
  expect(await loadUnit(attemptOf(harness, { attemptNo: 2 }), ref)).toMatchObject({ rowsLoaded: 2 })
  expect(await receipts(ingestId)).toEqual([{ rowsLoaded: 2, attempt: 2 }])
})

test('an abort in the midst of a load rolls it back', async () => {
  const { ingestId } = await planned(attemptOf(harness))
  const calledOff = new AbortController()
  const { signal } = calledOff
  const stage = withReader(() => calledOff.abort())
  const ref = { ingestId, unitNo: 0 }
  const loading = loadUnit(attemptOf(harness, { stage, signal }), ref)
  await expect(loading).rejects.toMatchObject({ name: 'AbortError' })
  expect(await receipts(ingestId)).toEqual([])
  expect(await harness.rejects(ingestId)).toEqual([])
})

test('a verb whose signal has aborted already does nothing', async () => {
  const before = await entered()
  const { ingestId } = await planned(attemptOf(harness))
  const attempt = attemptOf(harness, { signal: AbortSignal.abort() })
  const aborted = { name: 'AbortError' }
  await expect(listSource(attempt, before)).rejects.toMatchObject(aborted)
  await expect(planIngest(attempt, before)).rejects.toMatchObject(aborted)
  await expect(loadUnit(attempt, { ingestId, unitNo: 0 })).rejects.toMatchObject(aborted)
  await expect(publishIngest(attempt, { ingestId, records: 3 })).rejects.toMatchObject(aborted)
  const sweep = sweepIngest(attempt, { ingestId, outcome: completed })
  await expect(sweep).rejects.toMatchObject(aborted)
  await listSource(attemptOf(harness), before)
  await expect(stageLot(attempt, { ...before, lotNo: 0 })).rejects.toMatchObject(aborted)
})

test('a paused ingest refuses each verb that would begin, and takes it when it goes on', async () => {
  const { ingestId, table } = await entered()
  const attempt = attemptOf(harness)
  let records = 0
  const verbs = [
    () => listSource(attempt, { ingestId }),
    () => stageLot(attempt, { ingestId, lotNo: 0 }),
    async () => {
      ;({ records } = await planIngest(attempt, { ingestId }))
    },
    () => loadUnit(attempt, { ingestId, unitNo: 0 }),
    () => publishIngest(attempt, { ingestId, records }),
  ]
  for (const verb of verbs) {
    await markPaused(attempt, { ingestId, paused: true })
    await expect(verb()).rejects.toMatchObject({ code: 'ingest_paused' })
    await markPaused(attempt, { ingestId, paused: false })
    await verb()
  }
  expect(await rowsOf(table)).toEqual([10, 30])
  // What is done already needs no work, so a pause does not hold it up.
  await markPaused(attempt, { ingestId, paused: true })
  expect(await loadUnit(attempt, { ingestId, unitNo: 0 })).toMatchObject({ rowsLoaded: 2 })
})
