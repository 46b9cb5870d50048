/** `sluice ingest --dry-run` of several files: each head is read as the ingest would read it. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, expect, test } from 'vitest'
import { tar } from '../tar.ts'
import { zip } from '../zip.ts'
import { inProcess } from './inProcess.ts'

const folder = await mkdtemp(join(tmpdir(), 'sluice-dry-'))
afterAll(() => rm(folder, { recursive: true, force: true }))

async function dryRun(files: Record<string, string>, ...flags: string[]) {
  const path = await mkdtemp(join(folder, 'files-'))
  for (const [name, text] of Object.entries(files)) await writeFile(join(path, name), text)
  return dryRunOf(path, ...flags)
}

async function dryRunOf(path: string, ...flags: string[]) {
  const env = { DATABASE_URL: '', SLUICE_HOME: join(folder, 'none') }
  const args = ['ingest', path, '--dry-run', '--into', 't', ...flags]
  const words = await inProcess(args, env)
  const { out } = await inProcess([...args, '--json'], env)
  const seen = JSON.parse(out)
  const codes: string[] = seen.notes.map(({ code }: { code: string }) => code)
  return { ...seen, codes, words: words.out, code: words.code }
}

const plain = 'id,name\n1,a\n2,b\n'

test('other dialects, titles, what is left out, and names that change are told', async () => {
  const seen = await dryRun({
    '1.csv': plain,
    '2.csv': 'Id;NAME;Größe\n3;c;1,5\n4;d;2,5\n',
    '3.csv': `Report\n\n${plain}`,
    'README.md': '# Read me, please\n',
  })
  expect(seen).toMatchObject({ files: 3, heads: 3, problem: null, code: 0 })
  expect(seen.codes.sort()).toEqual([
    'files_left_out',
    'files_otherwise',
    'lines_skipped',
    'names_changed',
    'terms_guessed',
  ])
  expect(seen.words).toMatch(/^files +3, and the heads of 3 were read$/m)
  expect(seen.words).toMatch(/^rejects .*; the records of the other files were not tried$/m)
  for (const part of ['README.md', '2.csv', '3.csv', '"Größe" is größe']) {
    expect(seen.words).toContain(part)
  }
})

test('a file that would fail is named, or is left out as --unknown-files says', async () => {
  const files = { '1.csv': plain, '2.csv': 'x,y\n1,2\n', '3.csv': plain }
  const failing = await dryRun(files)
  expect(failing).toMatchObject({ code: 1, problem: expect.stringContaining('2.csv') })
  expect(failing.words).toMatch(/It would fail: .*2\.csv/)
  const skipping = await dryRun(files, '--unknown-files', 'skip')
  expect([skipping.code, skipping.codes]).toEqual([0, ['files_skipped']])
  expect(skipping.words).toMatch(/unknownFiles +"skip" +given +--unknown-files/)
})

test('the first table is shown, wherever it sorts; so is the style of names', async () => {
  const files = { 'about.txt': 'All of it, as of May.\nAsk us.\n', 'b.csv': 'Order ID,n\n1,2\n' }
  const seen = await dryRun(files, '--names', 'as-is')
  expect(seen).toMatchObject({ file: expect.stringContaining('b.csv'), codes: ['files_left_out'] })
  expect(seen.columns[0]).toEqual({ name: 'Order ID', type: 'bigint' })
  expect(seen.words).toMatch(/names +"as-is" +given +--names/)
})

test('no more than a hundred heads are read; members of an archive are files', async () => {
  const many = Object.fromEntries(
    Array.from({ length: 120 }, (_, at) => [`${1000 + at}.csv`, plain]),
  )
  expect(await dryRun(many)).toMatchObject({ files: 120, heads: 100, codes: [] })
  const path = join(folder, 'packed')
  await mkdir(path)
  const members = { 'README.txt': 'Hello, world\n', 'a.csv': plain, 'b.csv': 'id\tname\n3\tc\n' }
  await writeFile(join(path, 'all.zip'), await zip(members))
  const packed = await dryRunOf(join(path, 'all.zip'))
  expect(packed.codes.sort()).toEqual(['files_left_out', 'files_otherwise'])
})

test('records of another width, a header that comes again and stray quotes are rejects', async () => {
  const text = 'id,name\n1,a\n2\nid,name\n3,c,d\n4,"e" f\n5,g\n6,h\n7,i\n8,j\n'
  const seen = await dryRun({ '1.csv': text }, '--repeated-headers', 'reject')
  expect(seen.rejects).toMatchObject({ count: 4, byDatabase: false })
  const found = seen.rejects.first.map((each: { line: number; code: string }) => [
    each.line,
    each.code,
  ])
  expect(found).toEqual([
    [3, 'wrong_column_count'],
    [4, 'repeated_header'],
    [5, 'wrong_column_count'],
  ])
  expect(seen).toMatchObject({
    code: 0,
    odd: 2,
    sampled: 9,
    rejects: { likely: expect.any(String) },
  })
  expect(seen.rejects.likely).toContain('--ragged fit')
  expect(seen.records[1]).toEqual(['5', 'g'])
  expect(seen.words).toMatch(/^target +public\.t, not looked at: no database is known here/m)
})

test('the encoding is told: sniffed, or given', async () => {
  const path = join(folder, 'latin.csv')
  await writeFile(path, Buffer.from('id,name\n1,Müller\n2,Größe\n3,Käse\n', 'latin1'))
  const { words } = await dryRunOf(path)
  expect(words).toMatch(/encoding +windows-1252 +sniffed +--encoding/)
  const given = await dryRunOf(path, '--encoding', 'latin1')
  expect(given.words).toMatch(/encoding +latin1 +given/)
  expect((await dryRun({ '1.csv': plain })).words).toMatch(/encoding +utf-8 +sniffed/)
})

test('types are of the values of all files, and columns that later files add are named', async () => {
  const files = { '1.csv': plain, '2.csv': 'id,name,day\nx7,c,2024-01-02\n', '3.csv': plain }
  const seen = await dryRun(files)
  expect(seen).toMatchObject({ code: 0, scanned: 3, unscanned: 0 })
  expect(seen.columns[0]).toEqual({ name: 'id', type: 'text' })
  expect(seen.added).toEqual([{ name: 'day', type: 'date' }])
  expect(seen.words).toMatch(/^types +from all values of 3 files$/m)
  expect(seen.words).toContain('Other files add: day date')
  const frozen = await dryRun(files, '--schema', 'freeze')
  expect(frozen).toMatchObject({ code: 1, added: [], scanned: 1, unscanned: 2 })
  expect(frozen.words).toMatch(/^types +from all values of 1 of 3 files: the others may change/m)
  expect(frozen.words).toMatch(/It would fail: .*day.*\n .*--schema evolve/)
  expect(frozen.words).toContain('no database is known here')
})

test('under --schema freeze the values of all files that do not fit are counted', async () => {
  const numbers = (from: number) => Array.from({ length: 2000 }, (_, at) => `${from + at},a\n`)
  const text = `id,name\n${numbers(1).join('')}n/a,b\n${numbers(5000).join('')}`
  const files = { '1.csv': text, '2.csv': `${text}oops,c\n` }
  const seen = await dryRun(files, '--schema', 'freeze')
  expect(seen.misfits).toMatchObject([
    { column: 'id', type: 'bigint', count: 3, line: 2002, value: 'n/a' },
  ])
  expect(seen.words).toMatch(/Frozen: 3 values are no bigint in column id.*1\.csv, line 2002/)
  expect((await dryRun(files)).misfits).toEqual([])
})

test('members of archives, also of one that is unpacked for the look at it', async () => {
  const members = { 'a.csv': plain, 'b.csv': 'id,name\n3,c\n', 'c.tsv': 'id\tname\n4\td\n' }
  const entries = Object.entries(members).map(([name, content]) => ({ name, content }))
  const path = await mkdtemp(join(folder, 'archives-'))
  await writeFile(join(path, 'a.tar.gz'), gzipSync(tar(entries)))
  const all = await dryRunOf(join(path, 'a.tar.gz'))
  expect(all).toMatchObject({ files: 3, heads: 3, problem: null, code: 0 })
  expect(all.file).toBe(join(path, 'a.tar.gz', 'a.csv'))
  expect(await dryRunOf(join(path, '*.tar.gz/*.csv'))).toMatchObject({
    files: 2,
    heads: 2,
    code: 0,
  })
})

test('several targets are shown one below the other, each with its files', async () => {
  const path = await mkdtemp(join(folder, 'files-'))
  const files = { 'a1.csv': plain, 'a2.csv': plain, 'b.csv': 'day\n2026-01-01\n' }
  for (const [name, text] of Object.entries(files)) await writeFile(join(path, name), text)
  const env = { DATABASE_URL: '', SLUICE_HOME: join(folder, 'none') }
  const args = ['ingest', path, '--dry-run', '--into', 'a*=x.all_a', '--into', '{name}']
  const { out, code } = await inProcess(args, env)
  expect(code).toBe(0)
  expect(out).toMatch(/target +x\.all_a.*target +public\.b.* date .*Nothing was loaded\.\n$/s)
  const json = await inProcess([...args, '--json'], env)
  expect(JSON.parse(json.out)).toMatchObject({
    targets: [
      { target: 'x.all_a', files: 2 },
      { target: 'public.b', files: 1 },
    ],
  })
  const refused = await inProcess(['ingest', path, '--dry-run', '--into', 'a*=x.all_a'], env)
  expect([refused.code, refused.error]).toEqual([1, expect.stringContaining('b.csv')])
})
