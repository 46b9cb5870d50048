/** One source into several targets: together or apart, by globs or by the names of the files. */
import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { endOrphans } from '../../activities/janitor.ts'
import { listTargets } from '../../activities/listTargets.ts'
import { undoIngest } from '../../activities/undo.ts'
import type { WorkflowStatus } from '../../src/domain/janitor.ts'
import { enterIngest } from '../../src/postgres/ledger/ingests.ts'
import { mustExistAsOne } from '../../src/postgres/ledger/parts.ts'
import { fullSpec, type IngestSpec } from '../../src/spec/spec.ts'
import { attemptOf } from '../activities/attempt.ts'
import { build } from '../harness.ts'

const harness = await build()
await harness.startWorker({ concurrency: 4 })

/** A folder with these files. */
async function folderOf(files: Record<string, string>): Promise<IngestSpec['source']> {
  const path = join(harness.folder, randomBytes(4).toString('hex'))
  await mkdir(path)
  for (const [name, text] of Object.entries(files)) await writeFile(join(path, name), text)
  return { kind: 'directory', path }
}

async function rowsOf(sql: string) {
  const { rows } = await harness.db.query(sql)
  return rows
}

const landings = `select count(*)::int as n from pg_class where relname like 'sluice_landing%'`

test('together: each file goes to its target, in the order of the foreign keys', async () => {
  await harness.db.query(`create table z_customers (id int primary key, name text);
    create table a_orders (id int primary key, customer int references z_customers)`)
  const source = await folderOf({
    'orders-1.csv': 'id,customer\n1,10\n2,20\n',
    'orders-2.csv': 'id,customer\n3,10\n4,99\n',
    'customers.csv': 'id,name\n10,Ann\n20,Bob\n20,Ben\n',
  })
  const targets = [
    { match: 'orders*.csv', table: 'a_orders' },
    { match: 'customers*.csv', table: 'z_customers', mode: 'merge' as const, key: ['id'] },
    { match: 'stations*.csv', table: 'stations' },
  ]
  const view = await harness.ingest({ source, targets })
  expect(view).toMatchObject({
    ...{
      state: 'completed',
      error: null,
      files: 3,
      partOf: null,
      target: 'public.a_orders, public.z_customers, public.stations',
    },
    ...{ rowsRead: 7, rowsLoaded: 5, rowsRejected: 1, rowsSuperseded: 1, units: 2, unitsLoaded: 2 },
    notes: [{ code: 'target_without_files', subject: 'stations*.csv' }],
    targets: [
      { target: 'public.z_customers', state: 'completed', files: 1, rowsLoaded: 2 },
      { target: 'public.a_orders', state: 'completed', files: 2, rowsLoaded: 3, rowsRejected: 1 },
    ],
  })
  expect(await rowsOf('select * from a_orders order by id')).toEqual([
    { id: 1, customer: 10 },
    { id: 2, customer: 20 },
    { id: 3, customer: 10 },
  ])
  const [rejected] = await harness.rejects(view.targets[1]?.id ?? '')
  expect(rejected).toMatchObject({ line: 3, code: '23503' })
  expect(await rowsOf(landings)).toEqual([{ n: 0 }])
})

test('together: what refuses the rows of one target publishes none, and its rejects are kept', async () => {
  await harness.db.query(`create table small (id int, n int check (n < 3));
    create table large (id int); create table other (id int)`)
  const source = await folderOf({
    'large.csv': 'id\n1\n2\n',
    'other.csv': 'id\n1\n',
    'small.csv': 'id,n\n1,1\n2,7\n3,8\n4,9\n',
  })
  const spec = { source, target: { table: '{name}' }, rejects: { max: 1 } }
  const view = await harness.ingest(spec)
  expect(view).toMatchObject({ state: 'failed', error: { code: 'rejects_over_max' } })
  expect(view.error?.message).toMatch(/^public\.small: /)
  expect(view.targets.map(({ target, state }) => [target, state])).toEqual([
    ['public.large', 'failed'],
    ['public.other', 'failed'],
    ['public.small', 'failed'],
  ])
  expect(await rowsOf('select id from large union all select id from small')).toEqual([])
  expect(await harness.rejects(view.targets[2]?.id ?? '')).toHaveLength(3)
  expect(await rowsOf(landings)).toEqual([{ n: 0 }])
})

test('apart: one that fails leaves the others published', async () => {
  const source = await folderOf({ 'good.csv': 'id\n1\n2\n', 'bad.csv': 'id\n1\n' })
  const targets = [
    { match: 'bad*', table: 'bad', mode: 'merge' as const, key: ['nobody'] },
    { match: '*.csv', table: 'good' },
  ]
  const view = await harness.ingest({ source, targets, publish: 'apart' })
  expect(view).toMatchObject({
    ...{ state: 'failed', rowsLoaded: 2, error: { code: 'mode_column_missing' } },
    targets: [
      { target: 'public.bad', state: 'failed', error: { code: 'mode_column_missing' } },
      { target: 'public.good', state: 'completed', rowsLoaded: 2, error: null },
    ],
  })
  expect(await rowsOf('select id::int from good order by id')).toEqual([{ id: 1 }, { id: 2 }])
})

test('a table for each name; what no target is for fails, or is left out and told', async () => {
  const files = {
    'Fact Sales.csv': 'id\n1\n',
    'Fact-Stock.2026.csv': 'id\n1\n2\n',
    'notes.csv': 'id\n1\n',
  }
  const source = await folderOf(files)
  const targets = [{ match: 'Fact*', table: 'dw_{name}', types: 'text' as const }]
  const refused = await harness.ingest({ source, targets })
  expect(refused).toMatchObject({
    ...{ state: 'failed', error: { code: 'file_without_target' }, targets: [] },
  })
  const view = await harness.ingest({ source, targets, unmatched: 'skip' })
  expect(view).toMatchObject({
    ...{ state: 'completed', files: 2, rowsLoaded: 3 },
    targets: [
      { target: 'public.dw_fact_sales', match: 'Fact*', rowsLoaded: 1 },
      { target: 'public.dw_fact_stock_2026', match: 'Fact*', rowsLoaded: 2 },
    ],
    notes: [{ code: 'files_without_target' }],
  })
  expect(view.notes[0]?.message).toContain('notes.csv')
  const nothing = [{ match: 'x*', table: 'x' }]
  expect(await harness.ingest({ source, targets: nothing, unmatched: 'skip' })).toMatchObject({
    ...{ state: 'failed', error: { code: 'targets_without_files' }, targets: [] },
  })
})

test('two targets are never one table', async () => {
  const source = await folderOf({ 'a.csv': 'id\n1\n', 'b.csv': 'id\n1\n' })
  const targets = [
    { match: 'a*', table: 'b', mode: 'replace' as const },
    { match: '*', table: '{name}', mode: 'replace' as const },
  ]
  const view = await harness.ingest({ source, targets })
  expect(view).toMatchObject({ state: 'failed', error: { code: 'targets_collide' } })
})

test('transforms, checks and rejects of publish are those of each target', async () => {
  await harness.db.query(
    'create table first (id int unique, v text); create table second (like first including all)',
  )
  const text = 'id,v\n1,a\n1,b\n2,drop\n3,c\n'
  const source = await folderOf({ 'first.csv': text, 'second.csv': text })
  const where = `v <> 'drop'`
  const view = await harness.ingest({
    source,
    target: { table: '{name}', where, undo: true },
    expect: [{ notNull: ['id'] }, { rows: { min: 2 } }],
  })
  const one = { state: 'completed', rowsRead: 4, rowsLoaded: 2, rowsRejected: 1 }
  expect(view).toMatchObject({ state: 'completed', targets: [one, one], rowsFiltered: 2 })
  expect(view.checks.map(({ name, passed }) => [name, passed])).toEqual([
    ['public.first: not-null id', true],
    ['public.first: rows 2..', true],
    ['public.second: not-null id', true],
    ['public.second: rows 2..', true],
  ])
  for (const { id } of view.targets) {
    expect(await harness.rejects(id)).toMatchObject([{ line: 3, code: '23505' }])
  }
  const { id } = view.targets[1] ?? { id: '' }
  expect(await undoIngest(attemptOf(harness), { ingestId: id })).toMatchObject({ rowsRemoved: 2 })
  expect(await rowsOf('select count(*)::int as n from second')).toEqual([{ n: 0 }])
  // Another ingest of that id would take the place of the target.
  const again = { ingestId: id, spec: fullSpec({ source, target: { table: 'second' } }) }
  const entered = enterIngest(harness.db, { ...again, target: 'public.second' })
  await expect(entered).rejects.toThrow(`a target of the ingest ${view.ingestId}`)
  await expect(mustExistAsOne(harness.db, view.ingestId, 'x')).rejects.toThrow('several targets')
})

test('the janitor leaves a target alone that waits for the others, and ends it with them', async () => {
  const source = await folderOf({ 'a1.csv': 'id\n1\n' })
  const ingestId = `held-${harness.queue}`
  const spec = fullSpec({ source, target: { table: '{name}' } })
  await enterIngest(harness.db, { ingestId, spec, target: 'public.{name}' })
  await listTargets(attemptOf(harness), { ingestId })
  const part = `${ingestId}.target-1`
  const look = async (ofAll: WorkflowStatus, own: WorkflowStatus) => {
    const workflowStatusOf = async (id: string) => (id === part ? own : ofAll)
    const found = await endOrphans(attemptOf(harness, { workflowStatusOf }), { after: null })
    return found.orphans.map((orphan) => orphan.ingestId)
  }
  // Its workflow is over: its rows wait. Or it is not begun: it waits for its turn.
  expect(await look('open', 'completed')).toEqual([])
  expect(await look('open', null)).toEqual([])
  expect(await look('terminated', 'open')).toEqual([ingestId])
  expect(await look('terminated', 'completed')).toEqual([part])
})
