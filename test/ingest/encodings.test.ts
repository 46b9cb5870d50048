/** Encodings, end to end: what is staged is UTF-8, and rejects keep their lines. */
import { mkdir } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'
import iconv from 'iconv-lite'
import { expect, test } from 'vitest'
import { peek } from '../../src/cli/commands/ingest/peek.ts'
import { readConfig } from '../../src/config.ts'
import { build } from '../harness.ts'
import { zip } from '../zip.ts'

const harness = await build()
/** A dry run without a database. */
const config = { ...readConfig({}), databaseUrl: null }
await harness.startWorker()

const csv = 'id,city\n1,Köln\n2,"São\nPaulo"\nx,Málaga\n4,Århus\n'
const rows = [
  { id: 1, city: 'Köln' },
  { id: 2, city: 'São\nPaulo' },
  { id: 4, city: 'Århus' },
]

async function ingest(content: Buffer, table: string, encoding?: string) {
  await harness.db.query(`create table ${table} (id bigint, city text)`)
  const path = await harness.file(`${table}.csv`, content)
  return harness.ingest({
    source: { kind: 'directory', path },
    target: { table },
    ...(encoding && { format: { encoding } }),
  })
}

test.each([
  ['utf-16le', { addBOM: true }],
  ['utf-16be', { addBOM: true }],
  ['utf-16le', {}],
  ['utf-16be', {}],
  ['windows-1252', {}],
])('%s %o is found out', async (encoding, options) => {
  const table = `${encoding.replaceAll('-', '_')}_${Object.keys(options).length}`
  const content = iconv.encode(csv, encoding, options)
  const view = await ingest(content, table)
  expect(view).toMatchObject({ state: 'completed', rowsLoaded: 3, rowsRejected: 1 })
  const guesses = view.notes.filter(({ code }) => code === 'encoding_guessed')
  const guess = { file: expect.stringContaining(table), message: expect.stringContaining(encoding) }
  expect(guesses).toEqual('addBOM' in options ? [] : [expect.objectContaining(guess)])
  expect((await harness.db.query(`select id, city from ${table} order by id`)).rows).toEqual(rows)
  expect(await harness.rejects(view.ingestId)).toMatchObject([{ line: 5, raw: 'x,Málaga' }])
  const { rows: files } = await harness.db.query(
    `select size_bytes as size, shape ->> 'encoding' as encoding, pinned from sluice.files
     where ingest_id = $1`,
    [view.ingestId],
  )
  // Without a mark, or with the mark taken off: as long as the text in UTF-8.
  expect(files).toEqual([{ size: Buffer.byteLength(csv), encoding, pinned: false }])
})

test('files of one ingest may be written in several encodings', async () => {
  await harness.db.query('create table several (id bigint, city text)')
  const archive = await zip({
    'a.csv': csv,
    'b.csv': iconv.encode(csv, 'utf-16le', { addBOM: true }),
    'c.csv': iconv.encode(csv, 'windows-1252'),
    'd.csv.gz': gzipSync(iconv.encode(csv, 'utf-16be')),
  })
  const view = await harness.ingest({
    source: { kind: 'directory', path: await harness.file('several.zip', archive) },
    target: { table: 'several' },
  })
  expect(view).toMatchObject({ rowsLoaded: 12, rowsRejected: 4 })
  const { rows: found } = await harness.db.query(
    'select distinct id, city from several order by id',
  )
  expect(found).toEqual(rows)
})

test('a guess is told of later files too, and in a dry run', async () => {
  const path = `${harness.folder}/guessed`
  await mkdir(path)
  await harness.file('guessed/1.csv', csv)
  const second = await harness.file('guessed/2.csv', iconv.encode(csv, 'windows-1252'))
  const source = { kind: 'directory', path } as const
  const view = await harness.ingest({ source, target: { table: 'guessed' } })
  const told = view.notes.filter(({ code }) => code === 'encoding_guessed')
  expect(told.map(({ file }) => file)).toEqual([second])
  for (const paths of [[path], [second]]) {
    const source = { kind: 'directory' as const, path: paths }
    const [seen] = await peek({ source, target: { table: 'guessed' } }, config)
    const notes = (seen?.notes ?? []).filter(({ code }) => code === 'encoding_guessed')
    expect(notes.map(({ file }) => file)).toEqual([second])
  }
})

test('given, it holds; an unknown name fails the ingest', async () => {
  const view = await ingest(iconv.encode('id,city\n1,東京\n', 'shift_jis'), 'given', 'Shift_JIS')
  expect(view).toMatchObject({ state: 'completed', rowsLoaded: 1 })
  expect((await harness.db.query('select city from given')).rows).toEqual([{ city: '東京' }])
  const unknown = await ingest(Buffer.from(csv), 'unknown', 'klingon')
  expect(unknown).toMatchObject({ state: 'failed', error: { code: 'encoding_unknown' } })
  expect(unknown.error?.message).toContain('klingon')
})

test('bytes that are no character of the encoding are told, and none is left out', async () => {
  const sjis = Buffer.concat([
    iconv.encode('id,city\n1,東京\n2,', 'shift_jis'),
    Buffer.from([0x81, 0x0a]),
    iconv.encode('3,大阪\n', 'shift_jis'),
  ])
  const lone = Buffer.from('\ufeffid,city\n1,a\ud800b\n2,c', 'utf16le')
  const cases = [
    { table: 'sjis', content: sjis, encoding: 'Shift_JIS', count: 1, city: '�' },
    { table: 'lone', content: lone, count: 1, city: 'a�b' },
    { table: 'half', content: Buffer.concat([lone, Buffer.from('x')]), count: 2, city: 'c�' },
  ]
  for (const { table, content, encoding, count, city } of cases) {
    const view = await ingest(content, table, encoding)
    const told = view.notes.filter(({ code }) => code === 'characters_replaced')
    expect(told).toEqual([expect.objectContaining({ count })])
    const { rows: found } = await harness.db.query(`select city from ${table}`)
    expect(found.map((row) => row.city)).toContain(city)
  }
})

test('one or two bad bytes are a matter for their rows', async () => {
  const content = Buffer.from('id,city\n1,K\xf6ln\n2,Rom\n3,\xc5rhus\n4,Bonn\n', 'latin1')
  const view = await ingest(content, 'bad_bytes')
  expect(view).toMatchObject({ state: 'completed', rowsLoaded: 2, rowsRejected: 2 })
})

test('the dry run looks at the same text', async () => {
  const content = gzipSync(iconv.encode(csv, 'utf-16le', { addBOM: true }))
  const path = await harness.file('peek.zip', await zip({ 'b.csv': content, 'a.csv': content }))
  const source = { kind: 'directory' as const, path }
  const [seen] = await peek({ source, target: { table: 'peeked' } }, config)
  expect(seen).toMatchObject({ header: ['id', 'city'], sampled: 4 })
  expect(seen?.records[0]).toEqual(['1', 'Köln'])
})
