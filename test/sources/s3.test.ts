/** Objects of a store that lies: the right bytes, or an error with the name of the object. */
import { afterAll, expect, test } from 'vitest'
import { createTransport } from '../../src/http/transport.ts'
import type { Range } from '../../src/io/openFile.ts'
import { s3 } from '../../src/sources/s3.ts'
import type { Found, Source } from '../../src/sources/source.ts'
import { errorXml, startFakeS3 } from '../s3/fakeS3.ts'
import { keys } from '../s3/signature.ts'
import { sourceDeps } from '../sourceDeps.ts'
import type { Lies, Script } from './lyingServer.ts'

const fake = await startFakeS3()
const versioned = await startFakeS3({ isVersioned: true })
const timeouts = { connectMs: 1000, headMs: 700, silenceMs: 700 }
const transport = createTransport({ allowPrivate: [], timeouts })
afterAll(() => transport.close())
afterAll(() => Promise.all([fake.close(), versioned.close()]))

const { signal } = new AbortController()
const content = Buffer.from(Array.from({ length: 300_000 }, (_, n) => `${n}\n`).join(''))

const sourceOf = (key: string, { endpoint } = fake): Source => {
  const connections = { store: { kind: 's3', endpoint, ...keys } }
  const spec = { kind: 's3' as const, url: `s3://bucket/${key}`, connection: 'store' }
  return s3.open(spec, sourceDeps({ transport, connections }))
}

async function list(source: Source): Promise<Found> {
  const found: Found[] = []
  for await (const file of source.list(signal)) found.push(file)
  expect(found).toHaveLength(1)
  return found[0] as Found
}

async function read(source: Source, file: Found, range?: Range): Promise<Buffer> {
  const opened = await source.open(file, signal)
  const chunks: Buffer[] = []
  for await (const chunk of opened.read(range)) chunks.push(Buffer.from(chunk))
  await opened.close()
  return Buffer.concat(chunks)
}

let files = 0
/** Found by a glob: the list asks for nothing of the object itself. */
function put(script: Script, bytes = content): { key: string; source: Source } {
  const folder = `folder-${files++}`
  fake.put(`${folder}/a.csv`, bytes, script)
  return { key: `${folder}/a.csv`, source: sourceOf(`${folder}/*.csv`) }
}

const lying =
  (...lies: (Lies | undefined)[]): Script =>
  (_, count) =>
    lies[count]

const slowDown: Lies = { status: 503, body: errorXml('SlowDown') }

test.each<[string, Script]>([
  ['is slow for a while', lying(slowDown, slowDown, slowDown)],
  ['times out', lying({ status: 400, body: errorXml('RequestTimeout') })],
  ['cuts the connection', lying({ cutAfter: 700_000 }, { cutAfter: 1000 })],
  ['stalls', lying({ stallAfter: 500_000 })],
  ['does not answer at first', lying({ silent: true })],
  ['sends more than it says', lying({ headers: { 'content-length': '1988890' }, more: 5 })],
  ['sends less than it says', lying({ headers: { 'content-length': '1988890' }, cutAfter: 1000 })],
  ['gives another range once', lying({ cutAfter: 700_000 }, { otherRange: true })],
  ['ignores conditions', () => ({ ignoresConditions: true })],
  ['tells how it was sent', () => ({ headers: { 'content-encoding': 'aws-chunked' } })],
])('a store that %s gives the right bytes', { timeout: 30_000 }, async (_, script) => {
  const { source } = put(script)
  expect((await read(source, await list(source))).equals(content)).toBe(true)
})

test('every range asks for the ETag that was listed', async () => {
  const { key, source } = put(() => undefined)
  const file = await list(source)
  for (const range of [
    { start: 0, end: 10 },
    { start: 500_000, end: 1_900_000 },
  ]) {
    expect(await read(source, file, range)).toEqual(content.subarray(range.start, range.end))
  }
  const { etag } = JSON.parse(file.version)
  expect(etag).toMatch(/^"[0-9a-f]{32}"$/)
  expect(fake.asked(key).length).toBeGreaterThanOrEqual(3)
  for (const { headers } of fake.asked(key)) expect(headers['if-match']).toBe(etag)
})

test.each<[string, Lies]>([
  ['says so', {}],
  ['ignores If-Match', { ignoresConditions: true }],
  ['sends no ETag any more', { ignoresConditions: true, noValidators: true }],
])('an object replaced between two ranges of a store that %s is named', async (_, lies) => {
  const { key, source } = put(() => undefined)
  const file = await list(source)
  await read(source, file, { start: 0, end: 1000 })
  // With as many bytes as before.
  fake.put(key, Buffer.from(content).reverse(), () => lies)
  const failing = read(source, file, { start: 1000, end: 2000 })
  await expect(failing).rejects.toMatchObject({ code: 'file_changed' })
  await expect(failing).rejects.toThrow(`s3://bucket/${key}`)
})

test('an object replaced while an answer was cut off is not put together', async () => {
  const { key, source } = put((_, count) => {
    if (count === 1) fake.put(key, Buffer.from(content).reverse())
    return count === 0 ? { cutAfter: 700_000 } : { ignoresConditions: true }
  })
  const file = await list(source)
  await expect(read(source, file)).rejects.toMatchObject({ code: 'file_changed' })
})

test('an object that vanished, or went into an archive, is named', async () => {
  const { key, source } = put(() => undefined)
  const file = await list(source)
  fake.put(key, content, () => ({ status: 403, body: errorXml('InvalidObjectState') }))
  const archived = read(source, file)
  await expect(archived).rejects.toMatchObject({ code: 'store_refused' })
  await expect(archived).rejects.toThrow(/in an archive/)
  fake.remove(key)
  await expect(read(source, file)).rejects.toMatchObject({ code: 'file_vanished' })
})

test('where a bucket keeps versions, the one that was listed is read to its end', async () => {
  versioned.put('v.csv', content)
  const source = sourceOf('v.csv', versioned)
  const file = await list(source)
  expect(JSON.parse(file.version)).toMatchObject({ id: 'v1' })
  versioned.put('v.csv', 'another one')
  expect((await read(source, file)).equals(content)).toBe(true)
  expect((await list(source)).sizeBytes).toBe(11)
})

test('a store without ETags is refused: a change could not be seen', async () => {
  const { source } = put(() => ({ noValidators: true }))
  fake.put('single.csv', content, () => ({ noValidators: true }))
  await expect(list(sourceOf('single.csv'))).rejects.toThrow('no ETag')
  await expect(list(source).then((file) => read(source, file))).rejects.toMatchObject({
    code: 'file_changed',
  })
})
