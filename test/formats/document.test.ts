/** What is surely no table is known by its first bytes, and nothing else is. */
import { expect, test } from 'vitest'
import { documentOf } from '../../src/formats/document.ts'
import { build } from '../harness.ts'

const harness = await build()

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
