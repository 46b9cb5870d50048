/** Ingests from S3: the rows, a killed worker, the errors, and nowhere a secret. */
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, expect, test } from 'vitest'
import { listen } from '../api/server.ts'
import { inProcess } from '../cli/inProcess.ts'
import { build, eachVerb, noticedSoon, until } from '../harness.ts'
import { errorXml, startFakeS3 } from '../s3/fakeS3.ts'
import { startRclone } from '../s3/rclone.ts'
import { keys } from '../s3/signature.ts'
import type { Lies, Script } from '../sources/lyingServer.ts'
import { zip } from '../zip.ts'
import { allThatIsToldOf } from './told.ts'

const harness = await build()
const rclone = await startRclone()
/** None of these may be seen anywhere. */
const hush = { secret: keys.secretAccessKey, token: 'hush-session-token' }
const fake = await startFakeS3({ sessionToken: hush.token })
afterAll(() => Promise.all([rclone.close(), fake.close()]))

/** Their endpoints are on a private address: the operator has set them. */
const env = {
  SLUICE_LOG_LEVEL: 'debug',
  SLUICE_CONNECTION_LAKE: JSON.stringify({ kind: 's3', endpoint: rclone.endpoint, ...keys }),
  SLUICE_CONNECTION_FAKE: JSON.stringify({
    ...{ kind: 's3', endpoint: fake.endpoint, url: 's3://bucket/shop' },
    ...{ accessKeyId: keys.accessKeyId, secretAccessKey: { env: 'SHOP_SECRET' } },
    sessionToken: hush.token,
  }),
  SLUICE_CONNECTION_WRONG: JSON.stringify({
    ...{ kind: 's3', endpoint: rclone.endpoint },
    ...{ ...keys, secretAccessKey: hush.token },
  }),
  SHOP_SECRET: hush.secret,
}
let worker = await harness.startWorker({ env })

const rows = (count: number, from = 0): string =>
  `id,name\n${Array.from({ length: count }, (_, id) => `${from + id},name ${from + id}\n`).join('')}`

async function put(key: string, bytes: Buffer | string): Promise<void> {
  const path = join(rclone.folder, 'bucket', key)
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, bytes)
}

const s3 = (key: string, connection: string) => ({
  kind: 's3' as const,
  url: `s3://bucket/${key}`,
  connection,
})

const countOf = async (table: string) =>
  (await harness.db.query(`select count(*)::int as n, count(distinct id)::int as d from ${table}`))
    .rows[0]

test('objects of a real store are loaded: plain, packed, members, by a glob', async () => {
  await put('2026/01/plain.csv', rows(100))
  await put('2026/01/packed.csv.gz', gzipSync(rows(200, 1000)))
  await put('2026/02/archive.zip', await zip({ 'a.csv': rows(10, 2000), 'b.csv': rows(20, 3000) }))
  await put('2026/02/left.txt', 'no')
  await put('2025/other.csv', rows(5))
  const source = s3('2026/**/*.{csv,csv.gz,zip}', 'lake')
  const view = await harness.ingest({ source, target: { table: 'lake' } })
  expect(view).toMatchObject({ state: 'completed', rowsLoaded: 330, files: 4 })
  expect(await countOf('lake')).toEqual({ n: 330, d: 330 })
})

test('a worker that is killed while it stages from S3 loads every row once', async () => {
  let isHeld = true
  const script: Script = (request, count): Lies | undefined =>
    isHeld && count > 0 && request.headers.range === undefined
      ? { stallAfter: 3_000_000 }
      : undefined
  fake.put('shop/large.csv', rows(400_000), script)
  const spec = { source: s3('shop/large.csv', 'fake'), target: { table: 'large' } }
  const id = await harness.start(spec, { ...eachVerb, ...noticedSoon })
  const isStaging = () =>
    worker.output().includes(id) &&
    fake.asked('shop/large.csv').some(({ headers }) => headers.range === undefined)
  await until(isStaging, { what: 'the worker staging', worker })
  isHeld = false
  await harness.killWorkers()
  worker = await harness.startWorker({ env })
  expect(await harness.ended(id)).toMatchObject({ state: 'completed', rowsLoaded: 400_000 })
  expect(await countOf('large')).toEqual({ n: 400_000, d: 400_000 })
})

const url = await listen(harness)

test('no secret is in the ledger, in Temporal, in the API, in a message or a log', async () => {
  const refusing = (status: number, code: string): Lies => ({
    status,
    // A store that repeats what was sent.
    body: errorXml(code, `${hush.secret} ${hush.token}`),
  })
  const lies: [string, Script][] = [
    ['fine.csv', () => undefined],
    ['denied.csv', () => refusing(403, 'AccessDenied')],
    ['archived.csv', () => refusing(403, 'InvalidObjectState')],
    ['away.csv', (_, count) => (count < 7 ? refusing(503, 'SlowDown') : undefined)],
    [
      'changing.csv',
      (request) => {
        if (request.headers.range === undefined) fake.put('shop/changing.csv', rows(3))
        return undefined
      },
    ],
  ]
  const states: Record<string, string> = {}
  const ids: string[] = []
  const note = async (name: string, source: ReturnType<typeof s3>) => {
    const id = await harness.start({ source, target: { table: 'shop' } })
    const { state, error } = await harness.ended(id)
    states[name] = error?.code ?? state
    ids.push(id)
  }
  for (const [name, script] of lies) {
    fake.put(`shop/${name}`, rows(5), script)
    await note(name, s3(`shop/${name}`, 'fake'))
  }
  await note('gone.csv', s3('shop/gone.csv', 'fake'))
  await note('outside.csv', s3('other/outside.csv', 'fake'))
  await note('nobody.csv', s3('nobody.csv', 'nobody'))
  await note('wrong.csv', s3('2026/01/plain.csv', 'wrong'))
  expect(states).toEqual({
    'fine.csv': 'completed',
    'denied.csv': 'store_refused',
    'archived.csv': 'store_refused',
    'away.csv': 'completed',
    'changing.csv': 'file_changed',
    'gone.csv': 'source_empty',
    'outside.csv': 'url_invalid',
    'nobody.csv': 'connection_unknown',
    'wrong.csv': 'store_refused',
  })
  const told = await allThatIsToldOf(ids, { harness, url, log: worker.output() })
  expect(told).toContain('s3://bucket/shop/fine.csv')
  for (const secret of Object.values(hush)) expect(told).not.toContain(secret)
})

test('a dry run reads from the store too', async () => {
  const args = ['ingest', 's3://bucket/2026/01/*.csv', '--into', 'looked', '--dry-run', '--json']
  const named = [...args, '--connection', 'lake']
  const seen = await inProcess(named, { ...env, SLUICE_HOME: harness.folder })
  expect(seen.error).toBe('')
  expect(JSON.parse(seen.out)).toMatchObject({
    file: 's3://bucket/2026/01/plain.csv',
    header: ['id', 'name'],
    sampled: 100,
  })
  // The variables that programs of AWS know say the same.
  const variables = {
    AWS_ENDPOINT_URL_S3: rclone.endpoint,
    AWS_ACCESS_KEY_ID: keys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
  }
  const same = await inProcess(args, { ...variables, SLUICE_HOME: harness.folder })
  expect(same).toEqual(seen)
})

test('the command line brings an address as it brings a file', async () => {
  const args = ['ingest', 's3://bucket/2026/01/*', '--connection', 'lake', '--into', 'brought']
  const { code, out, error } = await inProcess([...args, '--queue', harness.queue], {
    SLUICE_API: url,
    SLUICE_HOME: harness.folder,
  })
  expect({ code, error }).toEqual({ code: 0, error: '' })
  expect(out).toContain('300 rows')
  expect(await countOf('brought')).toEqual({ n: 300, d: 300 })
})
