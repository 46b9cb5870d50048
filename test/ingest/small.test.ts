/** Small ingests: one activity, from list to sweep, and what it does where that does not do. */
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { expect, test } from 'vitest'
import { beginIngest } from '../../activities/begin.ts'
import { enterIngest } from '../../src/postgres/ledger/ingests.ts'
import { setPaused } from '../../src/postgres/ledger/pause.ts'
import { viewIngest } from '../../src/postgres/ledger/views.ts'
import { sessionName } from '../../src/postgres/names.ts'
import { fullSpec, type IngestSpec } from '../../src/spec/spec.ts'
import { attemptOf } from '../activities/attempt.ts'
import { build, until } from '../harness.ts'
import { recordHistory } from '../replay/record.ts'

const harness = await build()
const lines = (count: number) => Array.from({ length: count }, (_, n) => `${n},row ${n}\n`).join('')
const path = await harness.file('ten.csv', `id,name\n${lines(10)}`)
const source = { kind: 'directory', path } as const
const smallBytesMax = 4096

async function entered(spec: Partial<IngestSpec> & { target: { table: string } }): Promise<string> {
  const ingestId = randomUUID()
  const target = `public.${spec.target.table}`
  await enterIngest(harness.db, { ingestId, spec: fullSpec({ source, ...spec }), target })
  return ingestId
}

const begin = (ingestId: string, attemptNo = 1) =>
  beginIngest(attemptOf(harness, { attemptNo }), { ingestId, smallBytesMax })

async function activitiesOf(ingestId: string): Promise<string[]> {
  const handle = harness.client.workflow.getHandle(ingestId)
  await handle.result().catch(() => {})
  const { events } = await handle.fetchHistory()
  return (events ?? []).flatMap(
    ({ activityTaskScheduledEventAttributes: scheduled }) => scheduled?.activityType?.name ?? [],
  )
}

async function rowsIn(table: string): Promise<number> {
  const { rows } = await harness.db.query(`select count(*) as rows from ${table}`)
  return rows[0].rows
}

async function leftOf(ingestId: string) {
  const { rows } = await harness.db.query(
    `select (select count(*) from sluice.files where ingest_id = $1) as files,
            (select count(*) from sluice.units where ingest_id = $1) as units,
            (select count(*) from pg_class where relname like 'sluice_landing%') as landings`,
    [ingestId],
  )
  return rows[0]
}

test('one that fits has one activity; one that fails has a sweep as well', async () => {
  await harness.startWorker()
  const view = await harness.ingest({ source, target: { table: 'ten' } })
  expect(view).toMatchObject({
    state: 'completed',
    error: null,
    rowsLoaded: 10,
    units: 1,
    files: 1,
  })
  expect(await activitiesOf(view.ingestId)).toEqual(['beginIngest'])
  expect(await rowsIn('ten')).toBe(10)
  await harness.cleared(view.ingestId)
  await recordHistory(harness.client, view.ingestId, 'small')

  await harness.db.query('create table refusing (id int, name int)')
  const failed = await harness.ingest({ source, target: { table: 'refusing' } })
  expect(failed).toMatchObject({ state: 'failed', error: { code: 'every_row_rejected' } })
  expect(await activitiesOf(failed.ingestId)).toEqual(['beginIngest', 'sweepIngest'])
  expect(await harness.rejects(failed.ingestId)).toHaveLength(10)
  await harness.killWorkers()
})

test('an answer that was lost is given again, and nothing is done twice', async () => {
  const ingestId = await entered({ target: { table: 'once' } })
  const first = await begin(ingestId)
  expect(first).toMatchObject({ counts: { rowsLoaded: 10, units: 1 } })
  expect(await begin(ingestId, 2)).toEqual(first)
  expect(await begin(ingestId)).toEqual(first)
  expect(await rowsIn('once')).toBe(10)
  expect(existsSync(join(harness.folder, '.stage/ingests', ingestId))).toBe(false)
})

test('a later attempt does it verb by verb', async () => {
  const ingestId = await entered({ target: { table: 'later' } })
  const { counts } = await begin(ingestId, 2)
  expect(counts).toMatchObject({ rowsLoaded: 10, units: 1, files: 1 })
  expect(await viewIngest(harness.db, ingestId)).toMatchObject({ state: 'completed', phase: null })
  expect(await rowsIn('later')).toBe(10)
  expect(await leftOf(ingestId)).toEqual({ files: 1, units: 1, landings: 0 })
})

test('one that is paused has done nothing', async () => {
  const ingestId = await entered({ target: { table: 'halted' } })
  await setPaused(harness.db, ingestId, true)
  await expect(begin(ingestId)).rejects.toMatchObject({ code: 'ingest_paused' })
  await expect(begin(ingestId, 2)).rejects.toMatchObject({ code: 'ingest_paused' })
  expect(await leftOf(ingestId)).toEqual({ files: 0, units: 0, landings: 0 })
  await setPaused(harness.db, ingestId, false)
  expect(await begin(ingestId)).toMatchObject({ counts: { rowsLoaded: 10 } })
})

test('what does not fit is left to the other activities, as far as it has come', async () => {
  const folder = join(harness.folder, 'two')
  await mkdir(folder)
  await writeFile(join(folder, 'a.csv'), 'id,name\n1,a\n')
  await writeFile(join(folder, 'b.csv'), 'name,id\nb,2\n')
  const units = await entered({
    source: { kind: 'directory', path: folder },
    target: { table: 'two' },
  })
  const planned = { files: 2, lots: 1, units: 2, records: 2, phase: 'load' }
  expect(await begin(units)).toEqual({ progress: planned })
  const labels = ['a.csv · 4 B', 'b.csv · 4 B']
  expect(await begin(units, 2)).toEqual({ progress: { ...planned, labels } })

  const large = await entered({ target: { table: 'large' } })
  const input = { ingestId: large, smallBytesMax: 10 }
  const listed = { progress: { files: 1, lots: 1, phase: 'stage' } }
  expect(await beginIngest(attemptOf(harness), input)).toEqual(listed)
  expect(await beginIngest(attemptOf(harness, { attemptNo: 2 }), input)).toEqual(listed)
  const view = await viewIngest(harness.db, large)
  expect(view).toMatchObject({ state: 'running', files: 1, filesStaged: 0 })
})

test('a lock of somebody else is waited for by the verb that needs it, and shown', async () => {
  await harness.db.query('create table locked (id bigint, name text)')
  const ingestId = await entered({ target: { table: 'locked' } })
  const holder = await harness.db.connect()
  await holder.query('begin; lock table locked in share mode')
  const begun = begin(ingestId)
  const phase = async () => (await viewIngest(harness.db, ingestId)).phase
  await until(async () => (await phase()) === 'publish', { what: 'publish to wait' })
  expect((await viewIngest(harness.db, ingestId)).unitsLoaded).toBe(1)
  await holder.query('commit')
  holder.release()
  expect(await begun).toMatchObject({ counts: { rowsLoaded: 10 } })
  expect(await rowsIn('locked')).toBe(10)
})

test('the one transaction that was cut off has ended before the verbs begin', async () => {
  const ingestId = await entered({ target: { table: 'cut' } })
  const left = new pg.Client({ connectionString: harness.databaseUrl })
  await left.connect()
  left.on('error', () => {})
  await left.query(`begin; set local application_name = '${sessionName(ingestId, 'begin')}'`)
  await left.query('select from sluice.ingests where ingest_id = $1 for update', [ingestId])
  expect(await begin(ingestId)).toMatchObject({ counts: { rowsLoaded: 10 } })
  expect(await rowsIn('cut')).toBe(10)
  await expect(left.query('commit')).rejects.toThrow()
})

test('without a place in the budget it waits, and has the place of nobody', async () => {
  await harness.db.query(
    `insert into sluice.settings (name, value) values ('units_max', '1')
     on conflict (name) do update set value = excluded.value`,
  )
  const holder = await harness.db.connect()
  const key = 0x53_4c_55_49
  await holder.query(`begin; select pg_advisory_xact_lock(${key}, 1)`)
  const ingestId = await entered({ target: { table: 'poor' } })
  const begun = begin(ingestId)
  const isPlanned = async () => (await viewIngest(harness.db, ingestId)).units === 1
  await until(isPlanned, { what: 'the load to wait' })
  expect((await viewIngest(harness.db, ingestId)).unitsLoaded).toBe(0)
  await holder.query('commit')
  holder.release()
  expect(await begun).toMatchObject({ counts: { rowsLoaded: 10 } })
  await harness.db.query(`delete from sluice.settings where name = 'units_max'`)
})
