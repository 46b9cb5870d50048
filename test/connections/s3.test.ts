/** Connections to stores: what they may say, and what a test of one comes to. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { createTransport } from '../../src/http/transport.ts'
import { startFakeS3 } from '../s3/fakeS3.ts'
import { startRclone } from '../s3/rclone.ts'
import { keys } from '../s3/signature.ts'
import { sourceDeps } from '../sourceDeps.ts'

const transport = createTransport({ allowPrivate: [] })
const { signal } = new AbortController()
const rclone = await startRclone()
const denying = await startFakeS3({ before: () => ({ status: 403, code: 'AccessDenied' }) })
afterAll(() => Promise.all([rclone.close(), denying.close(), transport.close()]))
await mkdir(join(rclone.folder, 'bucket', 'in'), { recursive: true })

const of = (given: object) =>
  sourceDeps({ connections: { lake: { kind: 's3', ...given } } }).connections
const tried = (given: object) => of(given).test('lake', { transport, signal })

const { endpoint } = rclone

test('a test lists what a connection may read, or the buckets', async () => {
  expect(await tried({ endpoint, ...keys })).toBe('its server lists the buckets')
  const below = { endpoint, ...keys, url: 's3://bucket/in' }
  expect(await tried(below)).toBe('it lists s3://bucket/in')
  await expect(tried({ ...below, url: 's3://none/in' })).rejects.toMatchObject({
    code: 'store_refused',
    message: expect.stringContaining('there is no such bucket'),
  })
  await expect(tried({ ...below, secretAccessKey: 'hush' })).rejects.toThrow('connection lake')
})

test('that keys may not list the buckets is no fault of theirs; below a url it is', async () => {
  const at = { endpoint: denying.endpoint, ...keys }
  expect(await tried(at)).toBe('its server knows the keys, which may not list the buckets')
  await expect(tried({ ...at, url: 's3://bucket' })).rejects.toThrow('access is denied')
  const nobody = { endpoint: denying.endpoint, anonymous: true }
  await expect(tried(nobody)).rejects.toThrow('it is not public')
})

test.each<[object, string]>([
  [{ url: 'https://bucket' }, 'it has no bucket'],
  [{ endpoint: 'http://me:hush@lan' }, 'a user or a password'],
  [{ endpoint: 'http://lan/?a=hush' }, 'endpoint has a query'],
  [{ region: 'eu west' }, 'region is none'],
  [{ accessKeyId: 'hush' }, 'go together'],
  [{ sessionToken: 'hush' }, 'goes with accessKeyId'],
  [{ ...keys, profile: 'p' }, 'more than one of'],
  [{ anonymous: false }, 'anonymous'],
  [{ bucket: 'hush' }, 'bucket'],
])('%j is told as not valid', async (given, problem) => {
  const [listed] = await of(given).list()
  expect(listed?.problem).toContain(problem)
  expect(listed?.problem).not.toContain('AKIDHUSH')
  await expect(tried(given)).rejects.toMatchObject({ code: 'connection_invalid' })
})

test('a list of connections shows where they lead, and no key', async () => {
  const listed = await of({ endpoint, ...keys, url: 's3://bucket/in' }).list()
  expect(listed[0]).toMatchObject({ kind: 's3', to: `s3://bucket/in at ${endpoint}/` })
  expect(JSON.stringify(listed)).not.toContain(keys.secretAccessKey)
  expect((await of({}).list())[0]).toMatchObject({ to: 'AWS', problem: null })
})
