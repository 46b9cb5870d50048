/** tar archives, members by path or glob, and workbooks in archives, end to end. */
import { execFileSync } from 'node:child_process'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { workbook } from '../formats/xlsx/workbook.ts'
import { build, noticedSoon, until } from '../harness.ts'
import { type TarEntry, tar } from '../tar.ts'
import { zip } from '../zip.ts'
import { storedFrame } from '../zstd.ts'

const harness = await build()
await harness.startWorker()

const ingest = (path: string | string[], table: string, more = {}) =>
  harness.ingest({ source: { kind: 'directory', path }, target: { table }, ...more })

const csv = 'id,name\n1,"two\nlines"\nx,bad\n3,three\n'

const makeTable = (table: string) =>
  harness.db.query(`create table ${table} (id bigint, name text)`)

const idsOf = async (table: string): Promise<number[]> => {
  const { rows } = await harness.db.query(`select id from ${table} order by id`)
  return rows.map(({ id }) => id)
}

const membersOf = async (ingestId: string): Promise<string[]> => {
  const { rows } = await harness.db.query(
    'select member from sluice.files where ingest_id = $1 order by file_no',
    [ingestId],
  )
  return rows.map(({ member }) => member)
}

const inArchive: TarEntry[] = [
  { name: './', type: '5' },
  { name: './b.csv', content: csv },
  { name: './__MACOSX/._b.csv', content: 'no text' },
  { name: './README', content: 'Read me.' },
  { name: './folder/a.csv', content: csv },
  { name: './link.csv', type: '2' },
  { name: './c.csv.gz', content: gzipSync(csv) },
]

test.each<[string, (bytes: Buffer) => Buffer]>([
  ['tar', (bytes) => bytes],
  ['tar.gz', (bytes) => gzipSync(bytes)],
  ['tar.zst', storedFrame],
])('%s: every member is a file of its own, and what is left out is told', async (end, pack) => {
  const table = end.replace('.', '_')
  await makeTable(table)
  // Names say nothing.
  const path = await harness.file(`${table}.csv`, pack(tar(inArchive)))
  const view = await ingest(path, table)
  expect(view).toMatchObject({ state: 'completed', files: 3, rowsLoaded: 6, rowsRejected: 3 })
  expect(await idsOf(table)).toEqual([1, 1, 1, 3, 3, 3])
  expect(await membersOf(view.ingestId)).toEqual(['b.csv', 'c.csv.gz', 'folder/a.csv'])
  const rejects = await harness.rejects(view.ingestId)
  expect(rejects.map(({ file, line, raw }) => [file, line, raw])).toEqual([
    [`${path}/b.csv`, 4, 'x,bad'],
    [`${path}/c.csv.gz`, 4, 'x,bad'],
    [`${path}/folder/a.csv`, 4, 'x,bad'],
  ])
  const told = JSON.stringify(view.notes)
  for (const name of ['README', '._b.csv', 'link.csv']) expect(told).toContain(name)
  await harness.cleared(view.ingestId)
  // The same archive again is told, so what was kept of it is no part of what it is.
  const again = await ingest(path, table)
  expect(again.notes?.map(({ code }) => code)).toContain('files_loaded_before')
})

test('an archive of another program, with a thousand members', async () => {
  const folder = join(harness.folder, 'thousand')
  await mkdir(folder)
  for (let n = 0; n < 1000; n++) await writeFile(join(folder, `${n}.csv`), `id,name\n${n},n\n`)
  await makeTable('thousand')
  const path = `${folder}.tgz`
  execFileSync('tar', ['-C', folder, '-czf', path, '.'])
  const view = await ingest(path, 'thousand')
  expect(view).toMatchObject({ state: 'completed', files: 1000, rowsLoaded: 1000 })
  expect(await idsOf('thousand')).toEqual(Array.from({ length: 1000 }, (_, n) => n))
})

const members = {
  'a.csv': 'id,name\n1,a\n',
  'b.tsv': 'id\tname\n2\tb\n',
  'in/c.csv': 'id,name\n3,c\n',
}
const asTar = tar(Object.entries(members).map(([name, content]) => ({ name, content })))

test.each<[string, number[]]>([
  ['*.csv', [1]],
  ['**/*.csv', [1, 3]],
  ['b.tsv', [2]],
  ['{b,in/c}.*', [2, 3]],
])('the members that %s is for', async (glob, ids) => {
  const table = `glob_${ids.join('_')}`
  await makeTable(table)
  const paths = [
    await harness.file(`${table}.zip`, await zip(members)),
    await harness.file(`${table}.tar.gz`, gzipSync(asTar)),
  ]
  const view = await ingest(
    paths.map((each) => `${each}/${glob}`),
    table,
  )
  expect(view).toMatchObject({ state: 'completed' })
  expect(await idsOf(table)).toEqual(ids.flatMap((id) => [id, id]))
})

test('a glob for archives and for their members; another file beside them is not read', async () => {
  await makeTable('both_globs')
  const folder = join(harness.folder, 'both')
  await mkdir(join(folder, 'd.zip'), { recursive: true })
  await writeFile(join(folder, 'a.zip'), await zip(members))
  await writeFile(join(folder, 'b.zip'), await zip({ 'a.csv': 'id,name\n4,d\n' }))
  await writeFile(join(folder, 'a.csv'), 'id,name\n5,e\n')
  // A folder may have such a name as well.
  await writeFile(join(folder, 'd.zip', 'x.csv'), 'id,name\n6,f\n')
  const view = await ingest(join(folder, '*.zip/*.csv'), 'both_globs')
  expect(view).toMatchObject({ state: 'completed' })
  expect(await idsOf('both_globs')).toEqual([1, 4, 6])
})

test('members of uploads, each once', async () => {
  await makeTable('of_upload')
  await harness.stage.uploads.put('some.zip', [await zip(members)] as never)
  const view = await harness.ingest({
    source: { kind: 'upload', uploads: ['some.zip/*.csv', 'some.zip/a.*'] },
    target: { table: 'of_upload' },
  })
  expect(view).toMatchObject({ state: 'completed', rowsLoaded: 1 })
})

test.each(['zip', 'tar', 'tar.gz'])(
  'workbooks in a %s: their sheets are its members',
  async (end) => {
    const rows = (id: number) =>
      `<sheetData>${row(1, text('id'), text('name'))}${row(2, `<c><v>${id}</v></c>`, text('a'))}</sheetData>`
    const books = {
      'in/one.xlsx': await workbook({ sheets: { May: rows(1), 'June/July': rows(2) } }),
      'two.xlsx': await workbook({ sheets: { May: rows(3) } }),
      'three.csv': 'id,name\n4,a\n',
      'no.xlsx': 'id,name\n5,a\n',
    }
    const entries = Object.entries(books).map(([name, content]) => ({ name, content }))
    const bytes = end === 'zip' ? await zip(books) : tar(entries)
    const path = await harness.file(`books.${end}`, end === 'tar.gz' ? gzipSync(bytes) : bytes)
    const table = `books_${end.replace('.', '_')}`
    const sheets = await ingest([`${path}/**/one.xlsx`, `${path}/two.xlsx/May`], table)
    expect(sheets).toMatchObject({ state: 'completed', rowsLoaded: 3 })
    expect(await membersOf(sheets.ingestId)).toEqual([
      'in/one.xlsx/June/July',
      'in/one.xlsx/May',
      'two.xlsx/May',
    ])
    expect(await idsOf(table)).toEqual([1, 2, 3])
    const texts = await ingest([`${path}/three.csv`, `${path}/no.*`], `${table}_text`)
    expect(texts).toMatchObject({ state: 'completed', rowsLoaded: 2 })
  },
)

const text = (value: string) => `<c t="inlineStr"><is><t>${value}</t></is></c>`
const row = (number: number, ...cells: string[]) => `<row r="${number}">${cells.join('')}</row>`

test.each<[string, Buffer, string, string]>([
  ['plain.zip/*.csv', Buffer.from('id,name\n1,a\n'), 'source_no_archive', 'members \\*.csv'],
  ['some.tar/*.txt', asTar, 'archive_empty', 'some.tar'],
  [
    'twice.tar',
    tar([
      { name: 'a.csv', content: csv },
      { name: 'a.csv', content: csv },
    ]),
    'packed_file_damaged',
    'two members named a.csv',
  ],
  [
    'zipped.tar',
    tar([{ name: 'a.zip', content: await zip({ 'a.csv': csv }) }]),
    'packing_unsupported',
    'zip archive within',
  ],
  ['tarred.zip', await zip({ 'a.tar': asTar }), 'packing_unsupported', 'it is tar within'],
  [
    'tarred.tar',
    tar([{ name: 'a.tar', content: asTar }]),
    'packing_unsupported',
    'it is tar within',
  ],
  ['cut.tar.gz', gzipSync(asTar).subarray(0, -5), 'packed_file_damaged', 'cut.tar.gz'],
  ['end.tar', asTar.subarray(0, 2048), 'packed_file_damaged', 'cut short'],
])('%s is an error', async (path, bytes, code, problem) => {
  await harness.file(path.split('/')[0] as string, bytes)
  const view = await ingest(join(harness.folder, path), 'nothing')
  expect(view).toMatchObject({ state: 'failed', error: { code } })
  expect(view.error?.message).toMatch(new RegExp(problem))
  await harness.cleared(view.ingestId)
})

test('a worker killed while it unpacks and stages a tar.gz: every row counts once', async ({
  onTestFinished,
}) => {
  const own = await build({ onEnd: onTestFinished })
  const files = 40
  const rows = 5000
  const content = (file: number) =>
    `id,name\n${Array.from({ length: rows }, (_, n) => `${n === 0 ? 'x' : ''}${file * rows + n},${'name '.repeat(20)}${n}`).join('\n')}\n`
  const all = Array.from({ length: files }, (_, n) => ({ name: `${n}.csv`, content: content(n) }))
  const path = await own.file('rows.tar.gz', gzipSync(tar(all), { level: 1 }))
  await own.db.query('create table once (id bigint, name text)')
  const source = { kind: 'directory' as const, path }
  const inStage = (ingestId: string) =>
    readdir(join(own.folder, '.stage/ingests', ingestId)).catch(() => [])
  const isAt: ((names: string[]) => boolean)[] = [
    (names) => names.some((name) => name.startsWith('.spool-')),
    (names) => names.filter((name) => /^\d+$/.test(name)).length > 2,
  ]
  const victim = await own.startWorker()
  const ingestId = await own.start({ source, target: { table: 'once' } }, noticedSoon)
  let worker = victim
  for (const is of isAt) {
    await until(async () => is(await inStage(ingestId)), { what: 'a file of the archive', worker })
    worker.kill('SIGKILL')
    await worker.exited
    worker = await own.startWorker()
  }
  const view = await own.ended(ingestId)
  expect(view).toMatchObject({
    rowsRead: files * rows,
    rowsLoaded: files * rows - files,
    rowsRejected: files,
  })
  const { rows: found } = await own.db.query(
    `select count(*) as rows, count(distinct id) as ids,
            (select count(*) from sluice.rejects) as rejects from once`,
  )
  const good = files * rows - files
  expect(found).toEqual([{ rows: good, ids: good, rejects: files }])
  await own.cleared(ingestId)
})
