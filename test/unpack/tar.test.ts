/** tar archives: what is a member of one, what is left out, and what is refused. */
import { execFileSync } from 'node:child_process'
import { link, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, expect, test } from 'vitest'
import { unpackLimits } from '../../src/domain/unpack.ts'
import type { Range } from '../../src/io/openFile.ts'
import { isTar } from '../../src/unpack/tar/header.ts'
import { listTar } from '../../src/unpack/tar/list.ts'
import { holdsTar } from '../../src/unpack/tar/packed.ts'
import { pax, signed, type TarEntry, tar } from '../tar.ts'

const folder = await mkdtemp(join(tmpdir(), 'sluice-tar-'))
afterAll(() => rm(folder, { recursive: true, force: true }))

/** Counts what is read: members are passed over. */
const opened = (bytes: Buffer) => {
  const read = { bytes: 0 }
  return {
    read: async function* ({ start, end }: Range = { start: 0, end: bytes.length }) {
      const range = bytes.subarray(start, Math.min(end, bytes.length))
      read.bytes += range.length
      if (range.length > 0) yield range
    },
    count: read,
  }
}

async function list(bytes: Buffer, limits = unpackLimits) {
  const found: string[] = []
  const of = { file: 'a.tar', archiveBytes: bytes.length }
  for await (const { name, sizeBytes, offset, leftOut } of listTar(opened(bytes), of, limits)) {
    const content = bytes.toString('utf8', offset, offset + sizeBytes)
    found.push(`${name}: ${leftOut ?? content}`)
  }
  return found
}

test.each(['gnu', 'pax', 'ustar', 'v7'])('an archive that tar writes as %s', async (format) => {
  const base = join(folder, format)
  const long = format === 'ustar' || format === 'v7' ? 'short' : `${'long-name-'.repeat(20)}ü`
  await mkdir(join(base, 'in', 'folder'), { recursive: true })
  await writeFile(join(base, 'in', 'a.csv'), 'a\n1\n')
  await writeFile(join(base, 'in', 'folder', `${long}.csv`), 'b\n2\n')
  await writeFile(join(base, 'in', 'empty.csv'), '')
  await link(join(base, 'in', 'a.csv'), join(base, 'in', 'hard.csv'))
  await symlink('/etc/passwd', join(base, 'in', 'soft.csv'))
  const args = ['--sort=name', `--format=${format}`, '-C', join(base, 'in'), '-cf', '-', '.']
  const found = await list(execFileSync('tar', args))
  expect(found.map((each) => each.replace(/: (?!a link).*$/s, ''))).toEqual([
    'a.csv',
    'empty.csv',
    `folder/${long}.csv`,
    'hard.csv: a link',
    'soft.csv: a link',
  ])
  expect(found[0]).toBe('a.csv: a\n1\n')
  expect(found[2]).toBe(`folder/${long}.csv: b\n2\n`)
})

const csv = (name: string, more: Partial<TarEntry> = {}): TarEntry => ({
  name,
  content: 'a\n1\n',
  ...more,
})

/** 80 in its first byte says that a number is binary. */
const binary = (value: bigint): Buffer => {
  const bytes = Buffer.alloc(12)
  bytes[0] = 0x80
  bytes.writeBigUInt64BE(value, 4)
  return bytes
}

test.each<[string, TarEntry[], string[]]>([
  [
    'names that lead elsewhere are only names',
    [csv('../../a'), csv('/etc/b')],
    ['../../a', '/etc/b'],
  ],
  ['a name in two parts', [csv('c.csv', { prefix: 'a/b' })], ['a/b/c.csv']],
  ['a name of PAX in UTF-8', [pax({ path: 'ü/日本.csv' }), csv('x')], ['ü/日本.csv']],
  [
    'a name of GNU',
    [{ name: '././@LongLink', type: 'L', content: `${'n'.repeat(300)}\0` }, csv('x')],
    ['n'.repeat(300)],
  ],
  ['a size of PAX', [pax({ size: '4' }), csv('x', { sizeBytes: 0 })], ['x']],
  ['a binary size', [csv('x', { size: binary(4n) })], ['x']],
  ['what holds for all members', [{ ...pax({ comment: 'all' }), type: 'g' }, csv('x')], ['x']],
  ['NUL and bytes that are no text in a name', [pax({ path: 'a\0b' }), csv('x')], ['a\ufffdb']],
])('%s', async (_, entries, names) => {
  expect(await list(tar(entries))).toEqual(names.map((name) => `${name}: a\n1\n`))
})

test('what is no file is told as what it is, and folders are not', async () => {
  const entries = ['1', '2', '3', '4', '6', '5'].map((type) => ({ name: `t${type}`, type }))
  // A name with a slash and bytes is a file: nothing is left out without a word.
  const found = await list(tar([...entries, { name: 'old/' }, csv('a'), csv('b/')]))
  expect(found).toEqual([
    ...[
      't1: a link',
      't2: a link',
      't3: a device',
      't4: a device',
      't6: a pipe',
      'a: a\n1\n',
      'b/: a\n1\n',
    ],
  ])
})

const one = tar([csv('a.csv')])
const changed = (at: number, text: string) => {
  const bytes = Buffer.from(one)
  bytes.write(text, at)
  return bytes
}

test.each<[string, Buffer, string]>([
  ['a checksum that is another one', changed(0, 'b'), 'its header at byte 0 is damaged'],
  ['no mark of its end', tar([csv('a'), csv('b')], { end: false }), 'no end, so it is cut short'],
  ['a header that is cut', one.subarray(0, 300), 'no end'],
  ['a member that is cut', one.subarray(0, 514), 'it is cut short'],
  ['a size beyond the archive', tar([csv('a', { sizeBytes: 2 ** 30 })]), 'it is cut short'],
  ['a size beyond all numbers', tar([csv('a', { size: binary(2n ** 63n) })]), 'damaged'],
  ['a size below zero', tar([csv('a', { size: Buffer.from('-0000000004 ') })]), 'damaged'],
  ['a size of PAX that is none', tar([pax({ size: '-1' }), csv('a')]), 'extended header'],
  [
    'a record of PAX beyond its end',
    tar([{ name: 'x', type: 'x', content: '99 path=a\n' }]),
    'extended',
  ],
  ['PAX without its member', tar([pax({ path: 'a' })]), 'last member is missing'],
  [
    'a long extended header',
    tar([{ name: 'x', type: 'x', content: Buffer.alloc(2e6) }]),
    '2000000 bytes',
  ],
  ['a long name', tar([pax({ path: 'n'.repeat(5000) }), csv('a')]), '5000 bytes'],
  ['no name', tar([csv('')]), 'no name'],
  ['other bytes behind its end', Buffer.concat([one, tar([csv('b')])]), 'other bytes follow'],
])('%s: damaged', async (_, bytes, problem) => {
  const failing = list(bytes)
  await expect(failing).rejects.toMatchObject({ code: 'packed_file_damaged' })
  await expect(failing).rejects.toThrow(problem)
})

test.each<[string, TarEntry[], string]>([
  ['a sparse file of GNU', [csv('a', { type: 'S' })], 'sparse'],
  ['a sparse file of PAX', [pax({ 'GNU.sparse.major': '1' }), csv('a')], 'sparse'],
  ['a part of a file', [csv('a', { type: 'M' })], 'another volume'],
  ['a type of its own', [csv('a', { type: 'Q' })], 'its type is "Q"'],
])('%s: refused', async (_, entries, problem) => {
  const failing = list(tar(entries))
  await expect(failing).rejects.toMatchObject({ code: 'packing_unsupported' })
  await expect(failing).rejects.toThrow(problem)
})

test('limits: members, folders among them, and bytes of one', async () => {
  const folders = Array.from({ length: 11 }, (_, n) => ({ name: `${n}/`, type: '5' }))
  const few = { ...unpackLimits, membersMax: 10, bytesMax: 3 }
  await expect(list(tar(folders), few)).rejects.toMatchObject({ code: 'unpack_limit' })
  await expect(list(one, few)).rejects.toThrow('more than 3 bytes')
})

test('members are passed over, not read', async () => {
  const content = Buffer.alloc(4e6, 'a,b\n')
  const bytes = tar([csv('a', { content }), csv('b', { content }), csv('c', { content })])
  const archive = opened(bytes)
  const of = { file: 'a.tar', archiveBytes: bytes.length }
  for await (const _ of listTar(archive, of, unpackLimits));
  expect(archive.count.bytes).toBeLessThan(400_000)
})

test('a hundred thousand members cost as many headers', async () => {
  const header = tar([csv('a', { content: '' })], { end: false })
  const bytes = Buffer.concat([
    ...Array.from({ length: 100_000 }, () => header),
    Buffer.alloc(1024),
  ])
  const archive = opened(bytes)
  let count = 0
  const of = { file: 'a.tar', archiveBytes: bytes.length }
  for await (const _ of listTar(archive, of, unpackLimits)) count++
  expect(count).toBe(100_000)
  expect(archive.count.bytes).toBeLessThan(bytes.length * 1.1)
})

test('known by its checksum, and not by a name or a word', async () => {
  const old = Buffer.from(one)
  old.fill(0, 257, 265)
  expect([isTar(one), isTar(signed(old.subarray(0, 512))), isTar(changed(257, 'ustaR'))]).toEqual([
    true,
    true,
    false,
  ])
  const rows = Buffer.from(`${'1'.repeat(256)},ustar,${'2,'.repeat(200)}\n`)
  expect(isTar(rows)).toBe(false)
})

test('within gzip, as soon as a header has come out', async () => {
  const holds = (bytes: Buffer, head = bytes.subarray(0, 4096)) =>
    holdsTar({ file: 'a', head, limits: unpackLimits, read: () => opened(bytes).read() })
  expect(await holds(gzipSync(one))).toBe(true)
  expect(await holds(gzipSync('a,b\n1,2\n'))).toBe(false)
  expect(await holds(one)).toBe(false)
  // Its name takes up what was read of it.
  const named = Buffer.concat([
    gzipSync(one).subarray(0, 10),
    Buffer.alloc(5000, 'n'),
    Buffer.alloc(1),
  ])
  named[3] = 8
  expect(await holds(Buffer.concat([named, gzipSync(one).subarray(10)]))).toBe(true)
  expect(await holds(gzipSync(one).subarray(0, 20))).toBe(false)
})
