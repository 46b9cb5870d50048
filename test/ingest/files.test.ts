/** Many files, and files that do not keep still. */
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { appendFile, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { MockActivityEnvironment } from '@temporalio/testing'
import { expect, test } from 'vitest'
import { createActivities } from '../../activities/index.ts'
import { enterIngest } from '../../src/postgres/ledger/ingests.ts'
import { fullSpec } from '../../src/spec/spec.ts'
import type { Stage } from '../../src/stage/stage.ts'
import { build } from '../harness.ts'
import { testDeps } from './deps.ts'

const harness = await build()
await harness.startWorker()

test('many small files are packed into one unit, each with its own way of writing', async () => {
  const folder = join(harness.folder, 'small')
  await mkdir(folder)
  for (let n = 0; n < 60; n++) {
    const newline = n % 2 ? '\r\n' : '\n'
    const lines = [n % 3 ? 'id,text' : 'TEXT,ID', n % 3 ? `${n},t` : `t,${n}`]
    const mark = n % 5 ? '' : '\ufeff'
    await writeFile(join(folder, `${n}.csv`), mark + lines.join(newline) + (n % 7 ? newline : ''))
  }
  await writeFile(join(folder, 'empty.csv'), '')
  const view = await harness.ingest({
    source: { kind: 'directory', path: folder },
    target: { table: 'small' },
  })
  expect(view).toMatchObject({ state: 'completed', files: 61, rowsLoaded: 60, rowsRejected: 0 })
  const { rows } = await harness.db.query('select id, text from small order by id')
  expect(rows).toEqual(Array.from({ length: 60 }, (_, id) => ({ id, text: 't' })))
  const { rows: units } = await harness.db.query(
    'select lane from sluice.units where ingest_id = $1',
    [view.ingestId],
  )
  expect(units.every(({ lane }) => lane === 'fast')).toBe(true)
})

test('files of one layout are one unit; a glob takes those that it matches', async () => {
  const folder = join(harness.folder, 'glob')
  await mkdir(folder)
  for (let n = 0; n < 30; n++) await writeFile(join(folder, `${n}.csv`), `a\n${n}`)
  await writeFile(join(folder, 'other.txt'), 'b\n1\n')
  const path = join(folder, '*.csv')
  const view = await harness.ingest({
    source: { kind: 'directory', path },
    target: { table: 'globbed' },
  })
  expect(view).toMatchObject({ state: 'completed', files: 30, units: 1, rowsLoaded: 30 })
})

test('with a frozen schema a file with other columns fails the ingest and is named', async () => {
  const folder = join(harness.folder, 'other')
  await mkdir(folder)
  await writeFile(join(folder, '1.csv'), 'a,b\n1,2\n')
  await writeFile(join(folder, '2.csv'), 'a,c\n1,2\n')
  const view = await harness.ingest({
    source: { kind: 'directory', path: folder },
    target: { table: 'other', schema: 'freeze' },
  })
  expect(view).toMatchObject({ state: 'failed', error: { code: 'column_unknown' } })
  expect(view.error?.message).toMatch(/2\.csv.*: c\./)
})

test('uploads are linked into the stage, and leave nothing there', async () => {
  const bytes = async function* () {
    yield Buffer.from('a,b\n1,x\n')
    yield Buffer.from('2,y\n')
  }
  await harness.stage.uploads.put('up.csv', bytes())
  const view = await harness.ingest({
    source: { kind: 'upload', uploads: ['up.csv'] },
    target: { table: 'uploaded' },
  })
  expect(view).toMatchObject({ state: 'completed', rowsLoaded: 2 })
  const missing = await harness.ingest({
    source: { kind: 'upload', uploads: ['no.csv'] },
    target: { table: 'uploaded' },
  })
  expect(missing).toMatchObject({ state: 'failed', error: { code: 'upload_not_found' } })
})

test.each([
  [
    'grows',
    (path: string) => appendFile(path, '3\n'),
    /changed\.csv changed .* had 6 bytes and has 8/,
  ],
  ['is rewritten', (path: string) => writeFile(path, 'a\n3\n4\n'), /changed\.csv changed/],
  ['vanishes', (path: string) => rm(path), /changed\.csv vanished/],
])(
  'a file that %s between list and stage is an error that names it',
  async (_, change, message) => {
    const path = await harness.file('changed.csv', 'a\n1\n2\n')
    const ingestId = randomUUID()
    const spec = fullSpec({ source: { kind: 'directory', path }, target: { table: 'changed' } })
    await enterIngest(harness.db, { ingestId, spec, target: 'public.changed' })
    const deps = testDeps(harness)
    const { listSource, stageLot } = createActivities(deps)
    const env = new MockActivityEnvironment()
    await env.run(listSource, { ingestId })
    await change(path)
    await expect(env.run(stageLot, { ingestId, lotNo: 0 })).rejects.toThrow(message)
  },
)

test.each([
  ['a pinned file that is written to', true, /still\.csv changed .*it was written to/],
  [
    'a staged copy that somebody wrote to',
    false,
    /staged copy of .*still\.csv .*it was written to/,
  ],
])('%s between stage and load is an error that names it', async (_, pinned, message) => {
  const path = await harness.file('still.csv', 'a\n1\n2\n')
  const ingestId = randomUUID()
  const spec = fullSpec({ source: { kind: 'directory', path }, target: { table: 'still' } })
  await enterIngest(harness.db, { ingestId, spec, target: 'public.still' })
  const pin: Stage['pin'] = async (...args) => pinned && harness.stage.pin(...args)
  const stage = { ...harness.stage, pin }
  const deps = testDeps(harness, stage)
  const { listSource, stageLot, planIngest, loadUnit, sweepIngest } = createActivities(deps)
  const env = new MockActivityEnvironment()
  await env.run(listSource, { ingestId })
  await env.run(stageLot, { ingestId, lotNo: 0 })
  await env.run(planIngest, { ingestId })
  if (pinned) await writeFile(path, 'a\n3\n4\n')
  else await writeFile(join(harness.folder, '.stage/ingests', ingestId, '0'), 'a\n1\n3\n')
  await expect(env.run(loadUnit, { ingestId, unitNo: 0 })).rejects.toThrow(message)
  const outcome = { state: 'failed' as const, error: null }
  await env.run(sweepIngest, { ingestId, outcome })
  // The sweep takes away its own link or copy, never the source.
  expect(existsSync(path)).toBe(true)
  expect(existsSync(join(harness.folder, '.stage/ingests', ingestId))).toBe(false)
})

test('a pinned file that is deleted or replaced after it was staged is loaded as it was', async () => {
  const path = await harness.file('moved.csv', 'a\n1\n2\n')
  const ingestId = randomUUID()
  const spec = fullSpec({ source: { kind: 'directory', path }, target: { table: 'moved' } })
  await enterIngest(harness.db, { ingestId, spec, target: 'public.moved' })
  const deps = testDeps(harness)
  const { listSource, stageLot, planIngest, loadUnit } = createActivities(deps)
  const env = new MockActivityEnvironment()
  await env.run(listSource, { ingestId })
  await env.run(stageLot, { ingestId, lotNo: 0 })
  await rm(path)
  await harness.file('moved.csv', 'a\nx\ny\nz\n')
  await env.run(planIngest, { ingestId })
  expect(await env.run(loadUnit, { ingestId, unitNo: 0 })).toMatchObject({ rowsLoaded: 2 })
})

test('attempts that end in between read every file as one attempt does', async () => {
  const path = join(harness.folder, 'mixed')
  await mkdir(path)
  const files = {
    '1.csv': 'id;n\n1;1,5\n',
    '2.csv': 'id;n\n2;1.234\n',
    '3.csv': 'id,n\n3,2.5\n',
    '4.csv': 'id;n\n4;31\n',
    about: 'Nothing to see here\n',
  }
  for (const [name, text] of Object.entries(files)) await writeFile(join(path, name), text)
  const shapes = async (interrupted: boolean) => {
    const ingestId = randomUUID()
    const target = { table: interrupted ? 'again' : 'once' }
    const spec = fullSpec({ source: { kind: 'directory', path }, target })
    await enterIngest(harness.db, { ingestId, spec, target: `public.${target.table}` })
    const env = new MockActivityEnvironment()
    let left = 1
    const pin: Stage['pin'] = (...args) => {
      if (interrupted && left-- === 0) throw new Error('killed')
      return harness.stage.pin(...args)
    }
    const { listSource, stageLot } = createActivities(testDeps(harness, { ...harness.stage, pin }))
    await env.run(listSource, { ingestId })
    for (let attempt = 0; attempt < 9; attempt++) {
      left = attempt
      const ended = await env.run(stageLot, { ingestId, lotNo: 0 }).then(
        () => true,
        () => false,
      )
      if (ended) break
    }
    const { rows } = await harness.db.query(
      'select name, shape from sluice.files where ingest_id = $1 order by file_no',
      [ingestId],
    )
    return rows
  }
  const once = await shapes(false)
  expect(
    once.map(({ shape }) => [shape.reading.delimiter, shape.reading.decimal, shape.leftOut]),
  ).toEqual([
    [';', ',', undefined],
    [';', ',', undefined],
    [',', undefined, undefined],
    [';', ',', undefined],
    [',', undefined, 'text that is no table'],
  ])
  expect(await shapes(true)).toEqual(once)
})
