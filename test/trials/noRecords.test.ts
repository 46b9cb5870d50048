/** An ingest of files that have bytes and no record says so. */
import { expect, test } from 'vitest'
import type { IngestSpec } from '../../src/spec/spec.ts'
import { build, eachVerb } from '../harness.ts'

const harness = await build()
await harness.startWorker()

let count = 0

async function load(content: string | Buffer, format: IngestSpec['format'] = {}, options = {}) {
  const table = `nothing_${++count}`
  await harness.db.query(`create table ${table} (id text, name text)`)
  const path = await harness.file(`${table}.csv`, content)
  const spec = { source: { kind: 'directory' as const, path }, target: { table }, format }
  const { state, rowsLoaded, notes, error } = await harness.ended(
    await harness.start(spec, options),
  )
  const told = notes.filter(({ code }) => code === 'files_without_records')
  return { state, rowsLoaded, told: told.map(({ message }) => message), code: error?.code, path }
}

test.each<[string, string, IngestSpec['format']]>([
  ['a header alone', 'id,name\n', {}],
  ['blank lines', '\n\n\n', {}],
  ['comments', '#a\n#b\n', { comment: '#' }],
  ['rows that are skipped', 'id,name\n1,x\n', { skipRows: 9, columns: ['id', 'name'] }],
  ['rows that are taken for a footer', 'id,name\n1,x\n', { skipFooter: 5 }],
])('%s', async (_, content, format) => {
  for (const options of [{}, eachVerb]) {
    const { told, path, ...found } = await load(content, format, options)
    expect(found).toMatchObject({ state: 'completed', rowsLoaded: 0 })
    expect(told).toEqual([expect.stringContaining(path)])
  }
})

test('nothing is told of an empty file, nor of one with records', async () => {
  expect((await load('')).told).toEqual([])
  expect((await load('id,name\n1,x\n')).told).toEqual([])
})

test('an encoding that is plainly not that of the file is an error', async () => {
  const found = await load('id,name\n1,x\n', { encoding: 'utf-16le' })
  expect(found).toMatchObject({ state: 'failed', rowsLoaded: 0, code: 'encoding_contradicted' })
})

test('bytes of UTF-8 that are read otherwise are told', async () => {
  const path = await harness.file('mojibake.csv', 'id,name\n1,Zoë\n2,Møn\n')
  const spec = { source: { kind: 'directory' as const, path }, target: { table: 'mojibake' } }
  const given = await harness.ingest({ ...spec, format: { encoding: 'windows-1252' } })
  expect(given.notes).toMatchObject([{ code: 'encoding_doubtful', file: path }])
  const found = await harness.ingest(spec)
  expect(found.notes.map(({ code }) => code)).toEqual(['files_loaded_before'])
})
