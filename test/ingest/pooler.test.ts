/** Behind a pooler a session is nobody's own: what a load relies on belongs to its transaction. */
import { randomUUID } from 'node:crypto'
import { MockActivityEnvironment } from '@temporalio/testing'
import { afterAll, expect, test } from 'vitest'
import { createActivities } from '../../activities/index.ts'
import { databaseError, openDb, transaction } from '../../src/postgres/db.ts'
import { enterIngest } from '../../src/postgres/ledger/ingests.ts'
import { migrate } from '../../src/postgres/migrate.ts'
import { fullSpec } from '../../src/spec/spec.ts'
import { build } from '../harness.ts'
import { testDeps } from './deps.ts'
import { openPooler } from './pooler.ts'

const harness = await build()
const begin = `set datestyle = 'SQL, DMY'; set statement_timeout = '20s'; set intervalstyle = iso_8601;
  set client_min_messages = error; set application_name = 'of somebody else'`
const pooler = await openPooler(harness.databaseUrl, { sessions: 12, begin })
afterAll(() => pooler.close())

test('an ingest with dates, rejects and constraints; no session is changed by it', async () => {
  await harness.startWorker({ env: { DATABASE_URL: pooler.url } })
  await harness.db.query('create table days (id int primary key, day date)')
  const lines = ['1,2024-02-01', '2,01/02/2024', '3,x', '1,2024-02-02', '4,2024-12-31']
  lines.push('5,2024-03-01', '6,2024-03-02')
  const path = await harness.file('days.csv', `id,day\n${lines.join('\n')}\n`)
  const view = await harness.ingest({
    source: { kind: 'directory', path },
    target: { table: 'days' },
  })
  expect(view).toMatchObject({ state: 'completed', error: null, rowsLoaded: 4, rowsRejected: 3 })
  const { rows } = await harness.db.query('select id, day::text from days order by id')
  expect(rows).toEqual([
    { id: 1, day: '2024-02-01' },
    { id: 4, day: '2024-12-31' },
    { id: 5, day: '2024-03-01' },
    { id: 6, day: '2024-03-02' },
  ])
  const rejects = await harness.rejects(view.ingestId)
  expect(rejects.map(({ line, code }) => [line, code])).toEqual([
    [3, '22P02'],
    [4, '22P02'],
    [5, '23505'],
  ])
  expect(pooler.moves()).toBeGreaterThan(10)
  // What becomes of the sessions says nothing of the worker.
  const { rows: workers } = await harness.db.query('select backend_pid from sluice.workers')
  expect(workers).toEqual([{ backend_pid: null }])
})

test('an order of dates that is given holds for each of its loads', async () => {
  await harness.db.query('create table ordered (day date)')
  const path = await harness.file('ordered.csv', 'day\n01/02/2024\n31/12/2024\n')
  const view = await harness.ingest({
    source: { kind: 'directory', path },
    format: { dates: 'DMY' },
    target: { table: 'ordered' },
  })
  expect(view).toMatchObject({ state: 'completed', rowsLoaded: 2 })
  const { rows } = await harness.db.query('select day::text from ordered order by 1')
  expect(rows).toEqual([{ day: '2024-02-01' }, { day: '2024-12-31' }])
})

test('an attempt that hangs is found by its session, not by that of the pooler', async () => {
  const db = openDb(pooler.url, { max: 5, name: 'test' })
  const ingestId = randomUUID()
  const path = await harness.file('hangs.csv', 'n\n1\n2\n')
  const spec = fullSpec({ source: { kind: 'directory', path }, target: { table: 'hangs' } })
  await enterIngest(harness.db, { ingestId, spec, target: 'public.hangs' })
  const verbs = createActivities({ ...testDeps(harness), db })
  const env = new MockActivityEnvironment()
  await env.run(verbs.listSource, { ingestId })
  await env.run(verbs.stageLot, { ingestId, lotNo: 0 })
  await env.run(verbs.planIngest, { ingestId })
  // An attempt that was given up holds the unit, and does not answer.
  const { rows: names } = await harness.db.query(
    `select 'sluice/' || left(encode(sha256(convert_to($1, 'UTF8')), 'hex'), 16) as name`,
    [ingestId],
  )
  const zombie = await harness.db.connect()
  zombie.on('error', () => {})
  await zombie.query(`set application_name = '${names[0].name}/load 0/1'`)
  await zombie.query(`begin; select from sluice.units where ingest_id = '${ingestId}' for update`)
  expect(await env.run(verbs.loadUnit, { ingestId, unitNo: 0 })).toMatchObject({ rowsLoaded: 2 })
  zombie.release(true)
  await db.end()
})

test('migrations', async () => {
  const db = openDb(pooler.url, { max: 2, name: 'test' })
  expect(await migrate(db)).toEqual([])
  await db.end()
})

test('what it cannot do is told with its name', async () => {
  const db = openDb(`${pooler.url}?options=-c%20datestyle%3DISO`, { max: 1, name: 'test' })
  const error = await transaction(db, async () => null).catch(databaseError)
  expect(error).toMatchObject({ code: 'pooler_refused', retryable: true })
  expect(`${error?.message} ${error?.hint}`).toMatch(/pgbouncer.*unsupported startup.*pool_mode/)
  await db.end()
})

test('sessions are left as they were', async () => {
  const found = await pooler.ask(
    `select current_setting('datestyle') as dates, current_setting('statement_timeout') as time,
            current_setting('application_name') as name`,
  )
  expect(found.length).toBeGreaterThan(5)
  for (const each of found) {
    expect(each).toEqual({ dates: 'SQL, DMY', time: '20s', name: 'of somebody else' })
  }
})
