/** The kinds of sources, each held to what every source must do. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { afterAll, expect, test } from 'vitest'
import { escapeGlob } from '../../src/domain/glob.ts'
import { directory } from '../../src/sources/directory.ts'
import { http } from '../../src/sources/http.ts'
import { s3 } from '../../src/sources/s3.ts'
import type { Source } from '../../src/sources/source.ts'
import { upload } from '../../src/sources/upload.ts'
import { withMembers } from '../../src/sources/withMembers.ts'
import { localStage } from '../../src/stage/local.ts'
import { startFakeS3 } from '../s3/fakeS3.ts'
import { startRclone } from '../s3/rclone.ts'
import { keys } from '../s3/signature.ts'
import { sourceDeps } from '../sourceDeps.ts'
import { tar } from '../tar.ts'
import { zip } from '../zip.ts'
import { type Change, changeAt, itIsASource } from './conformance.ts'
import { startLyingServer } from './lyingServer.ts'
import { unpacking } from './unpacking.ts'

const folder = await mkdtemp(join(tmpdir(), 'sluice-sources-'))
afterAll(() => rm(folder, { recursive: true, force: true }))

const inFolder = (name: string) => join(folder, 'data', name)

itIsASource({
  kind: 'directory',
  source(names) {
    const path = names.map(inFolder)
    return directory.open({ kind: 'directory', path }, { roots: [folder] })
  },
  async put(name, bytes) {
    await mkdir(dirname(inFolder(name)), { recursive: true })
    await writeFile(inFolder(name), bytes)
  },
  change: (name, change) => changeAt(inFolder(name), change),
  oddNames: [
    'with space.csv',
    '-dash.csv',
    'quote\'".csv',
    'new\nline.csv',
    'back\\slash.csv',
    'per%20cent.csv',
    'ünïcödé-日本-👍.csv',
    '[glob]*{a,b}?.csv',
    '.hidden.csv',
    'in/a/folder.csv',
    'no-ending',
  ],
})

const stage = localStage(join(folder, 'stage'))

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  if (bytes.length > 0) yield bytes
}

itIsASource({
  kind: 'upload',
  source: (uploads) => upload.open({ kind: 'upload', uploads }, stage),
  async put(name, bytes) {
    await stage.uploads.put(name, once(bytes))
  },
  change: (name, change) => changeAt(join(folder, 'stage/uploads', name), change),
  oddNames: ['with space.csv', 'a+b=c@d,(e).csv', 'a..b', '0', `${'n'.repeat(196)}.csv`],
})

const server = await startLyingServer()
afterAll(() => server.close())

itIsASource({
  kind: 'http',
  source: (names) => http.open({ kind: 'http', url: names.map(server.urlOf) }, sourceDeps()),
  put: async (name, bytes) => server.put(name, bytes),
  async change(name, change: Change) {
    const bytes = server.bytesOf(name)
    if (change === 'that vanishes') server.remove(name)
    else if (change === 'that grows') server.put(name, Buffer.concat([bytes, Buffer.from('1')]))
    else server.put(name, change === 'that is cut short' ? bytes.subarray(0, 5000) : bytes)
  },
  nameOf: (name) => server.urlOf(name).replace(/^.*?\/\/[^/]*\//, ''),
  oddNames: [
    'with space.csv',
    'quote\'".csv',
    'new\nline.csv',
    'per%20cent.csv',
    'ünïcödé-日本-👍.csv',
    '[glob]*{a,b}?.csv',
    'a#b.csv',
    'in/a/folder.csv',
    'no-ending',
  ],
})

/** A store at an endpoint, as the worker of its operator knows it. */
const storeAt = (endpoint: string) => {
  const connections = { store: { kind: 's3', endpoint, ...keys } }
  const deps = sourceDeps({ connections })
  return (names: string[]) => {
    const url = names.map((name) => `s3://bucket/${escapeGlob(name)}`)
    return s3.open({ kind: 's3', url, connection: 'store' }, deps)
  }
}

const oddKeys = [
  'with space.csv',
  'quote\'".csv',
  'plus+and&amp;.csv',
  'per%20cent.csv',
  'ünïcödé-日本-👍.csv',
  '[glob]*{a,b}?.csv',
  'a#b.csv',
  '.hidden.csv',
  'in/a/folder.csv',
  'no-ending',
]

const fake = await startFakeS3()
afterAll(() => fake.close())

itIsASource({
  kind: 's3',
  source: storeAt(fake.endpoint),
  put: async (name, bytes) => fake.put(name, bytes),
  async change(name, change: Change) {
    const bytes = fake.bytesOf(name)
    if (change === 'that vanishes') fake.remove(name)
    else if (change === 'that grows') fake.put(name, Buffer.concat([bytes, Buffer.from('1')]))
    else fake.put(name, change === 'that is cut short' ? bytes.subarray(0, 5000) : bytes)
  },
  oddNames: [
    ...oddKeys,
    'new\nline.csv',
    '/leading.csv',
    'a//b.csv',
    'a/./b.csv',
    'a/../../b.csv',
    '..',
    'back\\slash.csv',
  ],
})

const rclone = await startRclone()
afterAll(() => rclone.close())
const inBucket = (name: string) => join(rclone.folder, 'bucket', name)

itIsASource({
  kind: 's3 of rclone',
  source: storeAt(rclone.endpoint),
  async put(name, bytes) {
    await mkdir(dirname(inBucket(name)), { recursive: true })
    await writeFile(inBucket(name), bytes)
  },
  change: (name, change) => changeAt(inBucket(name), change),
  knowsBytes: true,
  oddNames: oddKeys,
})

const { signal } = new AbortController()

test('an upload hashes to what it did when it came, and so do the members of an archive', async () => {
  const put = async (name: string, bytes: Buffer) =>
    (await stage.uploads.put(name, once(bytes))).sha256
  const hashes = {
    'hash.csv': await put('hash.csv', Buffer.from('a\n')),
    'hash.zip': await put('hash.zip', await zip({ 'in.csv': 'a\n' })),
  }
  const names = Object.keys(hashes)
  const source = withMembers(upload.open({ kind: 'upload', uploads: names }, stage), unpacking)
  const found: (string | null | undefined)[] = []
  for await (const file of source.list(signal)) found.push(await source.sha256?.(file))
  expect(found).toEqual(Object.values(hashes))
})

test('an upload that is not there is named, and so is one that was taken away', async () => {
  const open = (uploads: string[]) => upload.open({ kind: 'upload', uploads }, stage)
  const list = async () => {
    for await (const _ of open(['missing.csv']).list(signal));
  }
  await expect(list()).rejects.toMatchObject({ code: 'upload_not_found' })
  const check = upload.check({ kind: 'upload', uploads: ['missing.csv'] }, stage)
  await expect(check).rejects.toThrow('missing.csv')
})

test('files that a client has left out are told as the client says', async () => {
  await stage.uploads.put('sent.csv', once(Buffer.from('a\n')))
  const leftOut = [{ name: 'notes/README', why: 'a document' }]
  const source = upload.open({ kind: 'upload', uploads: ['sent.csv'], leftOut }, stage)
  const told: [string, string][] = []
  for await (const _ of source.list(signal, (name, why) => told.push([name, why])));
  expect(told).toEqual([['notes/README', 'a document']])
})

/** As one that reads an answer over HTTP from a server that knows no ranges. */
const withoutRanges = (source: Source): Source => ({
  async *list(...args) {
    for await (const { head: _, ...file } of source.list(...args)) yield file
  },
  async open(file, aborted) {
    const opened = await source.open(file, aborted)
    return { ...opened, link: null, ranges: false, read: () => opened.read() }
  },
})

test('a source without ranges can have any files: archives of it are kept in the spool', async () => {
  await stage.uploads.put('plain.csv', once(Buffer.from('a\n1\n')))
  await stage.uploads.put('packed.zip', once(await zip({ 'in.csv': 'a\n' })))
  await stage.uploads.put('packed.tar', once(tar([{ name: 'in.csv', content: 'a\n' }])))
  const read = async (name: string) => {
    const plain = withoutRanges(upload.open({ kind: 'upload', uploads: [name] }, stage))
    const source = withMembers(plain, unpacking)
    const found: string[] = []
    for await (const file of source.list(signal)) {
      const opened = await source.open(file, signal)
      found.push(file.name, `${await buffer(opened.read())}`)
      await opened.close()
    }
    return found
  }
  expect(await read('plain.csv')).toEqual(['plain.csv', 'a\n1\n'])
  expect(await read('packed.zip')).toEqual(['packed.zip/in.csv', 'a\n'])
  expect(await read('packed.tar')).toEqual(['packed.tar/in.csv', 'a\n'])
})
