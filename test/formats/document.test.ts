/** What is surely no table is known by its first bytes, and nothing else is. */
import { mkdir } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { documentOf } from '../../src/formats/document.ts'
import { build } from '../harness.ts'

const harness = await build()

const ndjson = 'NDJSON, which is JSON line by line'

test.each([
  ['%PDF-1.7\n', 'a PDF'],
  ['\x89PNG\r\n\x1a\n', 'a picture'],
  ['GIF89a', 'a picture'],
  ['<!DOCTYPE html>\n<html>', 'a web page'],
  ['\xef\xbb\xbf\n  <html lang="en">', 'a web page'],
  ['<?xml version="1.0"?>\n<rows/>', 'XML'],
  ['id,page\n1,<html>\n', null],
  ['<id>,<name>\n1,2\n', null],
  ['<htmlish>,b\n', null],
  ['', null],
  ['<!-- made today -->\n<table><tr><td>1</td></tr></table>', 'a web page'],
  ['<rows>\n  <row a="1"/>\n</rows>\n', 'XML'],
  ['{\n  "a": 1,\n  "b": [1, {"c": null}]\n}\n', 'JSON'],
  ['\xef\xbb\xbf[\n  {"a": 1, "b": "x,y"},\n  {"a": 3}\n]\n', 'JSON'],
  ['[{"a": 1}, {"a": 2}]', 'JSON'],
  ['[]', 'JSON'],
  ['{"type": "FeatureCollection", "features": [{"type": "Feature", "id": "not end', 'JSON'],
  ['{"a": NaN, "b": True, "c": [1, 2,], "d" "no colon"}', 'JSON'],
  ['{\n "a": 1\n}\n{\n "a": 2\n}\n', 'JSON'],
  ['{"a":1,"b":"x"}\n{"a":2}\n{"a":3}\n', ndjson],
  ['[1,"a"]\r\n[2,"b"]\r\n', ndjson],
  [`${'{"a":1}\n'.repeat(20)}{"a":\n{"a":2}\n`, ndjson],
  ['{"a":1},5\n{"a":2},6\n', null],
  ['{"a":1}\t{"b":2}\n{"a":2}\t{"b":3}\n', null],
  ['payload\n{"a":1}\n{"a":2}\n', null],
  ['"{""a"":1}"\n"{""a"":2}"\n', null],
  ['[id],[name]\n1,2\n', null],
  ['{1,2},a\n{3,4},b\n', null],
  ['{6F9619FF-8B86-D011},1\n', null],
  ['[General]\nkey=value\n', null],
  ['{name}\nAnna\n', null],
])('%j', (text, what) => {
  expect(documentOf(Buffer.from(text, 'latin1'))).toBe(what)
})

test('named itself it fails the ingest; in a folder it is left out and named', async () => {
  await harness.startWorker()
  const page = await harness.file('down.csv', '<!doctype html><html><body>404</body></html>\n')
  const source = { kind: 'directory' as const, path: page }
  const alone = await harness.ingest({ source, target: { table: 'page' } })
  expect(alone).toMatchObject({ state: 'failed', error: { code: 'not_csv' } })
  expect(alone.error?.message).toContain('it is a web page')
  await harness.file('up.csv', 'id,name\n1,one\n')
  const folder = { kind: 'directory' as const, path: `${harness.folder}/*.csv` }
  const both = await harness.ingest({ source: folder, target: { table: 'both' } })
  expect(both).toMatchObject({ state: 'completed', rowsLoaded: 1 })
  const told = both.notes.filter(({ code }) => code === 'files_left_out')
  expect(told).toMatchObject([{ message: expect.stringContaining('a web page') }])
})

test('NDJSON is no CSV, and says what to do; who says the delimiter is taken at their word', async () => {
  const ndjson = '{"a":1,"b":"x, y"}\n{"a":2,"b":"z"}\n'
  const path = await harness.file('events.csv', ndjson)
  const source = { kind: 'directory' as const, path }
  const csv = { kind: 'csv' as const }
  const refused = await harness.ingest({ source, target: { table: 'events' }, format: csv })
  expect(refused).toMatchObject({ state: 'failed', error: { code: 'not_csv' } })
  expect(refused.error?.message).toContain('it is NDJSON')
  expect(refused.error?.hint).toContain('Leave `--format csv` out')
  const format = { header: false, delimiter: '\x01' }
  const taken = await harness.ingest({ source, target: { table: 'events' }, format })
  expect(taken).toMatchObject({ state: 'completed', rowsLoaded: 2, rowsRejected: 0 })
  const { rows } = await harness.db.query(`select column_1->>'b' as b from events order by 1`)
  expect(rows).toEqual([{ b: 'x, y' }, { b: 'z' }])
})

test('in a folder of CSV JSON is left out and named, or an error that names both', async () => {
  await mkdir(`${harness.folder}/mixed`)
  await harness.file('mixed/a.csv', 'id,name\n1,one\n')
  const json = await harness.file('mixed/b.csv', '[\n  {"id": 1},\n  {"id": 2}\n]\n')
  const source = { kind: 'directory' as const, path: `${harness.folder}/mixed` }
  const both = await harness.ingest({ source, target: { table: 'mixed' } })
  expect(both).toMatchObject({ state: 'failed', error: { code: 'formats_mixed' } })
  const format = { kind: 'csv' as const }
  const view = await harness.ingest({ source, target: { table: 'mixed' }, format })
  expect(view).toMatchObject({ state: 'completed', rowsLoaded: 1 })
  const [note] = view.notes
  expect(note).toMatchObject({ code: 'files_left_out' })
  expect(note?.message).toContain(`(JSON): ${json}`)
})
