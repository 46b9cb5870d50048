/** Requests to a store: who asks, where, and what its refusals come to. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { createTransport, type Transport } from '../../src/http/transport.ts'
import { createClient, type Store } from '../../src/s3/client.ts'
import { chainLogin, fixedLogin, loginOfVariables } from '../../src/s3/credentials.ts'
import { placeOf } from '../../src/s3/place.ts'
import { loopback } from '../sourceDeps.ts'
import { type FakeOptions, type FakeS3, startFakeS3 } from './fakeS3.ts'
import { type ErrorAnswer, keys } from './signature.ts'

const { signal } = new AbortController()
const transport = createTransport({ allowPrivate: loopback })
/** No private address: the endpoint of an operator is reached all the same. */
const guarded = createTransport({ allowPrivate: [] })

let fake: FakeS3 | undefined
afterEach(async () => {
  await fake?.close()
  fake = undefined
  vi.unstubAllEnvs()
})

const name = 's3://bucket/a.csv'

async function start(options: FakeOptions = {}): Promise<FakeS3> {
  fake = await startFakeS3(options)
  fake.put('a.csv', 'a\n1\n')
  return fake
}

const storeOf = ({ endpoint }: FakeS3, more: Partial<Store> = {}): Store => ({
  endpoint,
  isPathStyle: true,
  login: fixedLogin(keys),
  requesterPays: false,
  ...more,
})

async function get(
  store: Store,
  { via = guarded, key = 'a.csv' }: { via?: Transport; key?: string } = {},
) {
  const answer = await createClient(store, via).ask({ bucket: 'bucket', key, name, signal })
  const chunks: Buffer[] = []
  for await (const chunk of answer.body) chunks.push(chunk)
  return { status: answer.status, text: `${Buffer.concat(chunks)}` }
}

const found = { status: 200, text: 'a\n1\n' }

test('a request is signed, and what the signature covers is what is sent', async () => {
  const server = await start()
  expect(await get(storeOf(server))).toEqual(found)
  const wrong = { ...keys, secretAccessKey: 'hush-other' }
  await expect(get(storeOf(server, { login: fixedLogin(wrong) }))).rejects.toMatchObject({
    code: 'store_refused',
    message: expect.stringContaining('SignatureDoesNotMatch'),
  })
})

test('a session token goes along, and an expired one is told', async () => {
  const server = await start({ sessionToken: 'hush-token' })
  const login = fixedLogin({ ...keys, sessionToken: 'hush-token' })
  expect(await get(storeOf(server, { login }))).toEqual(found)
  const old = fixedLogin({ ...keys, sessionToken: 'hush-old' })
  await expect(get(storeOf(server, { login: old }))).rejects.toThrow(
    'the session token has expired',
  )
})

test('keys that have expired are got anew, once', async () => {
  const server = await start({ sessionToken: 'new' })
  let token = 'old'
  const login = {
    credentials: async () => ({ ...keys, sessionToken: token }),
    async renew() {
      token = 'new'
      return true
    },
  }
  expect(await get(storeOf(server, { login }))).toEqual(found)
})

test('the region of a bucket is found by the answer', async () => {
  const server = await start({ region: 'eu-north-1' })
  expect(await get(storeOf(server))).toEqual(found)
  expect(await get(storeOf(server, { region: 'us-west-2' }))).toEqual(found)
  const moved: ErrorAnswer = {
    status: 301,
    code: 'PermanentRedirect',
    headers: { 'x-amz-bucket-region': 'eu-north-1' },
  }
  let count = 0
  await server.close()
  const elsewhere = await start({ before: () => (count++ === 0 ? moved : null) })
  expect(await get(storeOf(elsewhere))).toEqual(found)
  await elsewhere.close()
  // One that sends us round in circles, or to no region, is told.
  const regions = ['eu-north-1', 'us-west-2']
  const circles = await start({
    before: (_, n) => ({ ...moved, headers: { 'x-amz-bucket-region': regions[n % 2] as string } }),
  })
  await expect(get(storeOf(circles))).rejects.toThrow('to be asked for elsewhere')
  await circles.close()
  const evil = await start({
    before: () => ({ ...moved, headers: { 'x-amz-bucket-region': 'evil.example/#' } }),
  })
  await expect(get(storeOf(evil))).rejects.toThrow('to be asked for elsewhere')
})

test('the endpoint of an operator may be on a private address, and no other server', async () => {
  const server = await start()
  expect(await get(storeOf(server), { via: guarded })).toEqual(found)
  const redirect = {
    status: 307,
    code: 'TemporaryRedirect',
    headers: { location: server.endpoint },
  }
  await server.close()
  const redirecting = await start({ before: () => redirect })
  await expect(get(storeOf(redirecting))).rejects.toMatchObject({ code: 'store_refused' })
  const byNumber = new URL(redirecting.endpoint)
  const request = { url: byNumber, signal, redirectsMax: 0 }
  await expect(guarded.send(request)).rejects.toMatchObject({ code: 'address_not_allowed' })
})

test('a bucket is in the path or in the host, and a key is sent as it is', () => {
  const at = (store: Partial<Store>, bucket: string, key: string, region = 'eu-west-1') => {
    const { url, path } = placeOf({ isPathStyle: false, ...store }, region, { bucket, key })
    return url.origin + path
  }
  const aws = 'https://bucket.s3.eu-west-1.amazonaws.com'
  expect(at({}, 'bucket', 'a b/+%ü.csv')).toBe(`${aws}/a%20b/%2B%25%C3%BC.csv`)
  expect(at({}, 'bucket', '../a//./b')).toBe(`${aws}/../a//./b`)
  expect(at({}, 'bucket', "('!*)")).toBe(`${aws}/%28%27%21%2A%29`)
  expect(at({}, 'bucket', '')).toBe(`${aws}/`)
  expect(at({}, 'a.b', 'k')).toBe('https://s3.eu-west-1.amazonaws.com/a.b/k')
  expect(at({ isPathStyle: true }, 'bucket', '')).toBe('https://s3.eu-west-1.amazonaws.com/bucket')
  expect(at({}, 'bucket', 'k', 'cn-north-1')).toBe(
    'https://bucket.s3.cn-north-1.amazonaws.com.cn/k',
  )
  const minio = { endpoint: 'http://minio:9000/base/', isPathStyle: true }
  expect(at(minio, 'bucket', '/k')).toBe('http://minio:9000/base/bucket//k')
  expect(at({ endpoint: 'http://127.0.0.1:9000' }, 'bucket', 'k')).toBe(
    'http://127.0.0.1:9000/bucket/k',
  )
})

const skewed = {
  status: 403,
  code: 'RequestTimeTooSkewed',
  headers: { date: new Date(Date.now() + 3_600_000).toUTCString() },
}

test.each<[ErrorAnswer, string, string]>([
  [{ status: 403, code: 'AccessDenied' }, 'access is denied', 's3:GetObject'],
  [
    {
      status: 403,
      code: 'AccessDenied',
      message: 'x is not authorized to perform: s3:ListBucket on y',
    },
    's3:ListBucket is not allowed',
    'allow s3:ListBucket',
  ],
  [{ status: 404, code: 'NoSuchBucket' }, 'there is no such bucket', 'correct its name'],
  [{ status: 403, code: 'InvalidAccessKeyId' }, 'the access key is not known', 'correct the keys'],
  [{ status: 403, code: 'InvalidObjectState' }, 'in an archive', 'restore-object'],
  [{ status: 400, code: 'InvalidRequest' }, 'not valid', 'SSE-C'],
  [{ status: 400, code: 'KMS.DisabledException' }, 'KMS', 'kms:Decrypt'],
  [skewed, 's behind that of the store', 'set the clock'],
  [{ status: 418, code: 'Teapot' }, '418 Teapot', 'endpoint'],
  [{ status: 400, code: '<hush>' }, '400 Bad Request', 'endpoint'],
])('%j is told with what to do next', async (error, problem, next) => {
  const server = await start({ before: () => error })
  const failing = get(storeOf(server))
  await expect(failing).rejects.toMatchObject({
    code: 'store_refused',
    message: expect.stringContaining(problem),
    hint: expect.stringContaining(next),
  })
  await expect(failing).rejects.toThrow(name)
  await expect(failing).rejects.not.toThrow(/hush/)
})

test('nobody may read what is not public, and that is told', async () => {
  const server = await start()
  const failing = get(storeOf(server, { login: fixedLogin(null) }))
  await expect(failing).rejects.toMatchObject({
    message: expect.stringContaining('it is not public'),
    hint: expect.stringContaining('a connection that has keys'),
  })
})

test('what passes is told as that, with how long the store asks us to wait', async () => {
  const slow = { status: 503, code: 'SlowDown', headers: { 'retry-after': '7' } }
  const server = await start({ before: () => slow })
  await expect(get(storeOf(server))).rejects.toMatchObject({
    code: 'source_unavailable',
    afterMs: 7000,
  })
})

test('that we pay is said, and signed', async () => {
  const server = await start()
  await get(storeOf(server, { requesterPays: true }))
  expect(server.asked('a.csv')[0]?.headers['x-amz-request-payer']).toBe('requester')
})

test('variables give keys without the chain, and a profile is for the chain', async () => {
  const env: Record<string, string> = {
    AWS_ACCESS_KEY_ID: 'id',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_SESSION_TOKEN: 'token',
  }
  const login = loginOfVariables((variable) => env[variable])
  expect(await login?.credentials()).toEqual({
    accessKeyId: 'id',
    secretAccessKey: 'secret',
    sessionToken: 'token',
  })
  expect(loginOfVariables((variable) => ({ ...env, AWS_PROFILE: 'p' })[variable])).toBeNull()
  expect(loginOfVariables(() => undefined)).toBeNull()
})

test('the chain reads the profiles of AWS, and a machine without keys is told', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-aws-'))
  try {
    const file = join(folder, 'credentials')
    const text = [
      '[lake]',
      `aws_access_key_id = ${keys.accessKeyId}`,
      `aws_secret_access_key = ${keys.secretAccessKey}`,
    ]
    await writeFile(file, text.join('\n'))
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', file)
    vi.stubEnv('AWS_CONFIG_FILE', join(folder, 'none'))
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true')
    const server = await start()
    expect(await get(storeOf(server, { login: chainLogin('lake') }))).toEqual(found)
    await expect(get(storeOf(server, { login: chainLogin('nobody') }))).rejects.toMatchObject({
      code: 'store_refused',
      message: expect.stringContaining('has no credentials'),
      hint: expect.stringContaining('AWS_ACCESS_KEY_ID'),
    })
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('a host that is not there is told with where it comes from', async () => {
  const store = { isPathStyle: false, login: fixedLogin(keys), requesterPays: false }
  const at = { ...store, endpoint: 'https://s3.invalid' }
  await expect(get(at, { via: transport })).rejects.toMatchObject({
    code: 'store_refused',
    message: expect.stringContaining('bucket.s3.invalid'),
  })
})
