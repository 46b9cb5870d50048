/** Ingests of files that a server has: the rows, the errors, and nowhere a secret. */
import { gzipSync } from 'node:zlib'
import { afterAll, expect, test } from 'vitest'
import { listen } from '../api/server.ts'
import { inProcess } from '../cli/inProcess.ts'
import { build, eachVerb, noticedSoon, until } from '../harness.ts'
import { type Lies, type Script, startLyingServer } from '../sources/lyingServer.ts'
import { zip } from '../zip.ts'
import { allThatIsToldOf } from './told.ts'

const harness = await build()
const server = await startLyingServer()
afterAll(() => server.close())

/** None of these may be seen anywhere. */
const hush = { token: 'hush-token', key: 'hush-key', query: 'hush-query' }
const query = `?X-Amz-Signature=${hush.query}`

const env = {
  SLUICE_ALLOW_PRIVATE_ADDRESSES: '127.0.0.0/8',
  SLUICE_LOG_LEVEL: 'debug',
  SLUICE_CONNECTION_SHOP: JSON.stringify({
    kind: 'http',
    url: `${server.url}/shop/`,
    bearer: { env: 'SHOP_TOKEN' },
    headers: { 'x-api-key': hush.key },
  }),
  SHOP_TOKEN: hush.token,
}
let worker = await harness.startWorker({ env })

const rows = (count: number): string =>
  `id,name\n${Array.from({ length: count }, (_, id) => `${id},name ${id}\n`).join('')}`

/** Asks for the login. */
const guarded =
  (script: Script = () => undefined): Script =>
  (request, count) => {
    const { authorization, 'x-api-key': key } = request.headers
    const isIn = authorization === `Bearer ${hush.token}` && key === hush.key
    return isIn ? script(request, count) : { status: 401 }
  }

const http = (names: string | string[], more: { connection?: string } = {}) => {
  const url = [names].flat().map((name) => server.urlOf(name) + query)
  return { kind: 'http' as const, url, ...more }
}

const countOf = async (table: string) =>
  (await harness.db.query(`select count(*)::int as n, count(distinct id)::int as d from ${table}`))
    .rows[0]

test.each([
  ['in parts', {}, 5],
  ['as a whole, whose server names no state of it', { noValidators: true } as const, null],
  ['as a whole, whose server gives no ranges', { ignoresRanges: true } as const, null],
])('a large file is staged %s', async (what, lies, parts) => {
  const name = `${what}.csv`
  server.put(name, rows(500), () => lies)
  const target = { table: 'in_parts', mode: 'replace' as const }
  const ingestId = await harness.start(
    { source: http(name), target },
    { lotBytesMax: 1500, ...eachVerb },
  )
  expect(await harness.ended(ingestId)).toMatchObject({ state: 'completed', rowsLoaded: 500 })
  const { rows: files } = await harness.db.query(
    'select jsonb_array_length(parts) as parts from sluice.files where ingest_id = $1',
    [ingestId],
  )
  expect(files).toEqual([{ parts }])
  expect(await countOf('in_parts')).toEqual({ n: 500, d: 500 })
})

test('files over HTTP are loaded: plain, packed, members, without a size, from a list', async () => {
  server.put('plain.csv', rows(100))
  server.put('packed', gzipSync(rows(200).replaceAll('name ', 'gz ')))
  server.put('archive.zip', await zip({ 'a.csv': rows(10), 'b.csv': rows(20) }))
  server.put('chunked.csv', rows(50), () => ({ chunked: true, ignoresRanges: true }))
  const names = ['plain.csv', 'packed', 'archive.zip', 'chunked.csv']
  const view = await harness.ingest({ source: http(names), target: { table: 'web' } })
  expect(view).toMatchObject({ state: 'completed', rowsLoaded: 380, files: 5 })

  server.put('urls.txt', `# all\n${names.map((name) => server.urlOf(name)).join('\r\n')}\n\n`)
  const list = { url: server.urlOf('urls.txt') + query }
  const listed = await harness.ingest({ source: { kind: 'http', list }, target: { table: 'web2' } })
  expect(listed).toMatchObject({ state: 'completed', rowsLoaded: 380 })
  const path = await harness.file('urls.txt', `${server.urlOf('plain.csv')}\n`)
  const byPath = { kind: 'http' as const, list: { path } }
  expect(await harness.ingest({ source: byPath, target: { table: 'web3' } })).toMatchObject({
    state: 'completed',
    rowsLoaded: 100,
  })
})

test('a list that is another one when its files are staged is an error', async () => {
  server.put('moved.csv', rows(10))
  server.put('moving.txt', `${server.urlOf('moved.csv')}\n`, (_, count) => {
    if (count === 2) server.put('moving.txt', `${server.urlOf('plain.csv')}\n`)
    return undefined
  })
  const list = { url: server.urlOf('moving.txt') }
  const spec = { source: { kind: 'http' as const, list }, target: { table: 'moving' } }
  const view = await harness.ended(await harness.start(spec, eachVerb))
  expect(view).toMatchObject({ state: 'failed', error: { code: 'file_changed' } })
})

test('a worker that is killed while it stages from a server loads every row once', async () => {
  const content = rows(400_000)
  let isHeld = true
  server.put('large.csv', content, (request): Lies | undefined =>
    isHeld && request.headers.range === undefined ? { stallAfter: 3_000_000 } : undefined,
  )
  const spec = { source: http('large.csv'), target: { table: 'large' } }
  const id = await harness.start(spec, { ...eachVerb, ...noticedSoon })
  const isStaging = () =>
    worker.output().includes(id) &&
    server.asked('large.csv').filter(({ headers }) => headers.range === undefined).length >= 2
  await until(isStaging, { what: 'the worker staging', worker })
  isHeld = false
  await harness.killWorkers()
  worker = await harness.startWorker({ env })
  expect(await harness.ended(id)).toMatchObject({ state: 'completed', rowsLoaded: 400_000 })
  expect(await countOf('large')).toEqual({ n: 400_000, d: 400_000 })
})

const url = await listen(harness)

test('no secret is in the ledger, in Temporal, in the API, in a message or a log', async () => {
  const lies: [string, Script][] = [
    ['fine.csv', () => undefined],
    ['gone.csv', () => ({ status: 404 })],
    ['refused.csv', () => ({ status: 403 })],
    [
      'changing.csv',
      (request) => {
        if (request.headers.range === undefined) server.put('shop/changing.csv', rows(3))
        return undefined
      },
    ],
    ['away.csv', (_, count) => (count < 7 ? { status: 503 } : undefined)],
    ['elsewhere.csv', () => ({ redirect: `http://169.254.169.254/${query}` })],
    ['broken.csv', () => ({ encoding: 'br' })],
  ]
  const states: Record<string, string> = {}
  const ids: string[] = []
  for (const [name, script] of lies) {
    server.put(`shop/${name}`, rows(5), guarded(script))
    const source = http(`shop/${name}`, { connection: 'shop' })
    const id = await harness.start({ source, target: { table: 'shop' } })
    const { state, error } = await harness.ended(id)
    states[name] = error?.code ?? state
    ids.push(id)
  }
  expect(states).toEqual({
    'fine.csv': 'completed',
    'gone.csv': 'source_refused',
    'refused.csv': 'source_refused',
    'changing.csv': 'file_changed',
    'away.csv': 'completed',
    'elsewhere.csv': 'address_not_allowed',
    'broken.csv': 'packing_unsupported',
  })
  const outside = await harness.ingest({
    source: http('plain.csv', { connection: 'shop' }),
    target: { table: 'shop' },
  })
  expect(outside).toMatchObject({ state: 'failed', error: { code: 'url_invalid' } })
  const nobody = { source: http('plain.csv', { connection: 'nobody' }), target: { table: 'shop' } }
  expect(await harness.ingest(nobody)).toMatchObject({ error: { code: 'connection_unknown' } })

  const told = await allThatIsToldOf(ids, { harness, url, log: worker.output() })
  expect(told).toContain(server.urlOf('shop/fine.csv'))
  // What was looked through is what could have had it.
  expect(told).toContain('fine.csv?…')
  expect(worker.output()).toContain('it answers 404 Not Found')
  for (const secret of Object.values(hush)) {
    expect(told).not.toContain(secret)
    expect(told).not.toContain(Buffer.from(secret).toString('base64').slice(1, -3))
  }
})

test('a dry run reads from the server too, and is told what a worker would be', async () => {
  const path = `${server.urlOf('plain.csv')}${query}`
  const args = ['ingest', path, '--into', 'looked', '--dry-run', '--json']
  const seen = await inProcess(args, { ...env, SLUICE_HOME: harness.folder })
  expect(seen.error).toBe('')
  expect(JSON.parse(seen.out)).toMatchObject({
    file: server.urlOf('plain.csv'),
    header: ['id', 'name'],
    sampled: 100,
  })
  expect(seen.out).not.toContain(hush.query)
  const kept = await inProcess(args, { SLUICE_HOME: harness.folder })
  expect(kept.code).toBe(1)
  expect(kept.error).toContain('address_not_allowed')
})

test('the command line brings an address as it brings a file', async () => {
  const address = server.urlOf('shop/fine.csv') + query
  const args = ['ingest', address, '--connection', 'shop', '--into', 'brought']
  const { code, out, error } = await inProcess([...args, '--queue', harness.queue], {
    SLUICE_API: url,
    SLUICE_HOME: harness.folder,
  })
  expect({ code, error }).toEqual({ code: 0, error: '' })
  expect(out).toContain('5 rows')
  expect(await countOf('brought')).toEqual({ n: 5, d: 5 })
})

test.each([
  [['https://a.example/x.csv', 'x.csv'], 'addresses or files'],
  [['x.csv', '--connection', 'shop'], '--connection goes with addresses'],
  [['https://me:hush-key@a.example/x.csv'], 'a user or a password'],
  [['gs://bucket/x.csv'], 'gcloud storage cp'],
  [['file:///x.csv'], 'the path behind file://'],
])('sluice ingest %j is refused with what to do', async (sources, words) => {
  const args = ['ingest', ...sources, '--into', 'never']
  const { code, error } = await inProcess(args, { SLUICE_API: url, SLUICE_HOME: harness.folder })
  expect(code).toBeGreaterThan(0)
  expect(error).toContain(words)
  expect(error).not.toContain('hush')
})
