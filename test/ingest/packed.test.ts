/** Packed files, end to end: rows, rejects with their lines, limits, and a worker that is killed. */
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { build, noticedSoon, until } from '../harness.ts'
import { type Members, renamed, withField, zip } from '../zip.ts'
import { packedRows, storedFrame } from '../zstd.ts'

const harness = await build()
await harness.startWorker({
  env: { SLUICE_UNPACK_BYTES: '200MB', SLUICE_UNPACK_MEMBERS: '20', SLUICE_UNPACK_RATIO: '50' },
})

const ingest = (path: string, table: string) =>
  harness.ingest({ source: { kind: 'directory', path }, target: { table } })

const csv = 'id,name\n1,"two\nlines"\nx,bad\n3,three\n'

/** The record `x,bad` stands on line 4, whatever the file was packed with. */
async function expectRows(ingestId: string, table: string, files: number): Promise<void> {
  const { rows } = await harness.db.query(`select id, name from ${table} order by id, name`)
  const each = [
    { id: 1, name: 'two\nlines' },
    { id: 3, name: 'three' },
  ]
  expect(rows).toEqual(each.flatMap((row) => Array.from({ length: files }, () => row)))
  const rejects = await harness.rejects(ingestId)
  expect(rejects.map(({ line, raw }) => [line, raw])).toEqual(
    Array.from({ length: files }, () => [4, 'x,bad']),
  )
}

const filesOf = async (ingestId: string) => {
  const { rows } = await harness.db.query(
    `select name, member, size_bytes as size, shape ->> 'packing' as packing, pinned, crc32, sha256
     from sluice.files where ingest_id = $1 order by file_no`,
    [ingestId],
  )
  return rows
}

const makeTable = (table: string) =>
  harness.db.query(`create table ${table} (id bigint, name text)`)

test.each([
  ['gzip', gzipSync(csv)],
  ['gzip of several members', Buffer.concat([gzipSync(csv.slice(0, 20)), gzipSync(csv.slice(20))])],
  ['zstd', storedFrame(Buffer.from(csv))],
])('%s: known by its content, whatever its name', async (what, bytes) => {
  const table = what.replaceAll(' ', '_')
  await makeTable(table)
  const view = await ingest(await harness.file(`${table}.csv`, bytes), table)
  expect(view).toMatchObject({ state: 'completed', rowsLoaded: 2, rowsRejected: 1 })
  await expectRows(view.ingestId, table, 1)
  expect(await filesOf(view.ingestId)).toMatchObject([
    { size: csv.length, packing: what.split(' ')[0], pinned: false, member: null, sha256: null },
  ])
})

test('a name that promises gzip makes none', async () => {
  await makeTable('plain')
  const view = await ingest(await harness.file('plain.csv.gz', csv), 'plain')
  await expectRows(view.ingestId, 'plain', 1)
  expect(await filesOf(view.ingestId)).toMatchObject([{ packing: null, pinned: true }])
})

describe('zip', () => {
  const members: Members = {
    'b.csv': csv,
    'folder/': '',
    'folder/a.csv': csv,
    '__MACOSX/._b.csv': 'no text',
    '.hidden/c.csv': 'nothing',
    'folder/.DS_Store': 'nothing',
    'c.csv.gz': gzipSync(csv),
  }

  test.each([true, false])('every member is a file of its own; packed: %s', async (compress) => {
    const table = `zip_${compress}`
    await makeTable(table)
    const path = await harness.file(`${table}.zip`, await zip(members, { compress }))
    const view = await ingest(path, table)
    expect(view).toMatchObject({ state: 'completed', files: 3, rowsLoaded: 6, rowsRejected: 3 })
    await expectRows(view.ingestId, table, 3)
    const files = await filesOf(view.ingestId)
    expect(files.map(({ name, member, size }) => [name, member, size])).toEqual([
      [`${path}/b.csv`, 'b.csv', csv.length],
      [`${path}/c.csv.gz`, 'c.csv.gz', csv.length],
      [`${path}/folder/a.csv`, 'folder/a.csv', csv.length],
    ])
    const rejects = await harness.rejects(view.ingestId)
    expect(rejects.map(({ file }) => file)).toContain(`${path}/folder/a.csv`)
  })

  test('as an upload', async () => {
    await makeTable('up')
    const archive = await zip({ 'a.csv': csv, 'b.csv': csv })
    await harness.stage.uploads.put('both.zip', [archive] as never)
    const view = await harness.ingest({
      source: { kind: 'upload', uploads: ['both.zip'] },
      target: { table: 'up' },
    })
    await expectRows(view.ingestId, 'up', 2)
    expect((await filesOf(view.ingestId)).map(({ name }) => name)).toEqual([
      'both.zip/a.csv',
      'both.zip/b.csv',
    ])
  })

  test('hostile names are only names', async () => {
    await makeTable('hostile')
    const plain = await zip({ 'up/up/hostile.csv': csv, 'rootx/etc.csv': csv })
    const archive = renamed(renamed(plain, 'up/up/', '../../'), 'rootx/', '/root/')
    const path = await harness.file('hostile.zip', archive)
    const view = await ingest(path, 'hostile')
    await expectRows(view.ingestId, 'hostile', 2)
    expect((await filesOf(view.ingestId)).map(({ member }) => member)).toEqual([
      '../../hostile.csv',
      '/root/etc.csv',
    ])
    expect(existsSync(join(harness.folder, '..', 'hostile.csv'))).toBe(false)
    expect(await readdir(harness.folder)).not.toContain('hostile.csv')
  })

  test('among other files of a folder', async () => {
    const folder = join(harness.folder, 'mixed')
    await mkdir(folder)
    await makeTable('mixed')
    await writeFile(join(folder, 'b.data'), await zip({ 'z.csv': csv }))
    await writeFile(join(folder, 'a.csv'), csv)
    await writeFile(join(folder, 'c.csv'), gzipSync(csv))
    const view = await ingest(folder, 'mixed')
    await expectRows(view.ingestId, 'mixed', 3)
  })

  test('an archive without members gives no row', async () => {
    await makeTable('no_member')
    const view = await ingest(
      await harness.file('none.zip', await zip({ 'folder/': '' })),
      'no_member',
    )
    expect(view).toMatchObject({ state: 'failed', error: { code: 'archive_empty' } })
  })
})

const archive = await zip({ 'a.csv': csv.repeat(50), 'b.csv': csv })
const stored = await zip({ 'a.csv': csv }, { compress: false })

test.each([
  [
    'gzip that is cut short',
    gzipSync(csv).subarray(0, -3),
    'packed_file_damaged',
    'unexpected end',
  ],
  ['zstd that is cut short', packedRows.subarray(0, -3), 'packed_file_damaged', 'cut short'],
  [
    'zip that is cut short',
    archive.subarray(0, -30),
    'packed_file_damaged',
    'Either not a zip file',
  ],
  ['a member with another checksum', withField(stored, 16, 1), 'packed_file_damaged', 'checksum'],
  [
    'a member with other bytes',
    renamed(stored, 'three', 'seven'),
    'packed_file_damaged',
    'checksum',
  ],
  ['a member that is elsewhere', withField(stored, 42, 9), 'packed_file_damaged', 'not where'],
  ['members at one place', withField(archive, 42, 0), 'packed_file_damaged', 'share their bytes'],
  [
    'a long name',
    await zip({ [`${'d/'.repeat(9999)}a`]: csv }),
    'packed_file_damaged',
    '19999 bytes',
  ],
  [
    'an encrypted member',
    withField(archive, 8, 1),
    'packing_unsupported',
    'a.csv .*it is encrypted',
  ],
  ['a member in Deflate64', withField(archive, 10, 9), 'packing_unsupported', 'the number 9'],
  ['zip in zip', await zip({ 'a.csv': archive }), 'packing_unsupported', 'zip archive within'],
  ['zip in gzip', gzipSync(archive), 'packing_unsupported', 'there is zip within its gzip'],
  ['a workbook', await zip({ '[Content_Types].xml': '<x/>' }), 'packing_unsupported', 'document'],
])('%s is an error that names the file', async (what, bytes, code, problem) => {
  const name = what.replaceAll(' ', '-')
  const view = await ingest(await harness.file(name, bytes), 'nothing')
  expect(view).toMatchObject({ state: 'failed', error: { code } })
  expect(view.error?.message).toContain(name)
  expect(view.error?.message).toMatch(new RegExp(problem))
  await harness.cleared(view.ingestId)
})

describe('limits', () => {
  test.each([
    ['too many members', () => zip(many(21)), 'SLUICE_UNPACK_MEMBERS', 'more than 20 members'],
    [
      'too many bytes',
      async () => gzipSync(sparse(201e6)),
      'SLUICE_UNPACK_BYTES',
      '200000000 bytes',
    ],
    [
      'too high a ratio',
      async () => gzipSync(Buffer.alloc(100e6, 'a,b\n')),
      'SLUICE_UNPACK_RATIO',
      '50 times',
    ],
    ['members that are small, but many', sharing, 'SLUICE_UNPACK_RATIO', '50 times'],
  ])('%s', async (what, make, setting, problem) => {
    const view = await ingest(
      await harness.file(what.replaceAll(' ', '-'), await make()),
      'nothing',
    )
    expect(view).toMatchObject({ state: 'failed', error: { code: 'unpack_limit' } })
    expect(view.error?.message).toContain(problem)
    expect(view.error?.hint).toContain(setting)
  })

  const many = (count: number): Members =>
    Object.fromEntries(Array.from({ length: count }, (_, n) => [`${n}.csv`, csv]))

  /** Packs well, but less than 50 times. */
  function sparse(size: number): Buffer {
    const bytes = Buffer.alloc(size, 'a,b,c\n')
    for (let at = 0; at < size; at += 300) bytes.write(randomBytes(3).toString('base64'), at)
    return bytes
  }

  /** 15 members of 20 MB each. */
  function sharing(): Promise<Buffer> {
    const zeros = Buffer.alloc(20e6, 97)
    return zip(Object.fromEntries(Array.from({ length: 15 }, (_, n) => [`${n}.csv`, zeros])))
  }

  test('a member that is larger than its archive says', async () => {
    const plain = await zip({ 'a.csv': csv.repeat(100) })
    const lying = Buffer.from(plain)
    lying.writeUInt32LE(40, lying.indexOf('PK\x01\x02', 0, 'latin1') + 24)
    const view = await ingest(await harness.file('lying.zip', lying), 'nothing')
    expect(view.error).toMatchObject({ code: 'packed_file_damaged' })
    expect(view.error?.message).toContain('lying.zip/a.csv is damaged: it is larger than 40 bytes')
  })
})

test('a worker killed in the middle of unpacking: rows, rejects and receipts count once', async ({
  onTestFinished,
}) => {
  const own = await build({ onEnd: onTestFinished })
  const rows = 600_000
  const lines = Array.from({ length: rows }, (_, n) => (n % 1000 ? `${n},name ${n}` : `x${n},bad`))
  const content = gzipSync(`id,name\n${lines.join('\n')}\n`, { level: 1 })
  const path = await own.file('rows.csv.gz', content)
  await own.db.query('create table once (id bigint, name text)')
  const victim = await own.startWorker()
  const ingestId = await own.start(
    {
      source: { kind: 'directory', path },
      target: { table: 'once' },
    },
    noticedSoon,
  )
  const stage = join(own.folder, '.stage/ingests', ingestId)
  const isWriting = async () =>
    (await readdir(stage).catch(() => [])).some((name) => name.endsWith('.tmp'))
  await until(isWriting, { what: 'a file that is being staged', worker: victim })
  victim.kill('SIGKILL')
  await victim.exited
  expect(await isWriting()).toBe(true)
  await own.startWorker()
  const view = await own.ended(ingestId)
  const bad = rows / 1000
  expect(view).toMatchObject({ rowsRead: rows, rowsLoaded: rows - bad, rowsRejected: bad })
  const { rows: found } = await own.db.query(
    `select count(*) as rows, count(distinct id) as ids,
            (select sum(rows_loaded)::bigint from sluice.units) as receipts,
            (select count(*) from sluice.rejects) as rejects from once`,
  )
  expect(found).toEqual([{ rows: rows - bad, ids: rows - bad, receipts: rows - bad, rejects: bad }])
  const [first] = await own.rejects(ingestId)
  expect(first).toMatchObject({ line: 2, raw: 'x0,bad' })
  expect(existsSync(stage)).toBe(false)
})
