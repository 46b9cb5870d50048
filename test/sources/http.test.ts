/** Files over HTTP from a server that lies: the right bytes, or an error with the name of the file. */
import { afterAll, expect, test } from 'vitest'
import { createTransport } from '../../src/http/transport.ts'
import type { Range } from '../../src/io/openFile.ts'
import { http } from '../../src/sources/http.ts'
import type { Found } from '../../src/sources/source.ts'
import { withMembers } from '../../src/sources/withMembers.ts'
import { loopback, sourceDeps } from '../sourceDeps.ts'
import { zip } from '../zip.ts'
import { type Lies, type Script, startLyingServer } from './lyingServer.ts'
import { unpacking } from './unpacking.ts'

const server = await startLyingServer()
const timeouts = { connectMs: 1000, headMs: 700, silenceMs: 700 }
const transport = createTransport({ allowPrivate: loopback, timeouts })
afterAll(() => transport.close())
afterAll(() => server.close())

const { signal } = new AbortController()
const content = Buffer.from(Array.from({ length: 300_000 }, (_, n) => `${n}\n`).join(''))
const hush = '?X-Amz-Signature=hush&token=hush'

let files = 0
function put(script?: Script, bytes: Buffer = content): string {
  const name = `file-${files++}.csv`
  server.put(name, bytes, script)
  return name
}

const sourceOf = (name: string) =>
  http.open({ kind: 'http', url: server.urlOf(name) + hush }, sourceDeps({ transport }))

async function list(name: string): Promise<Found> {
  const found: Found[] = []
  for await (const file of sourceOf(name).list(signal)) found.push(file)
  expect(found).toHaveLength(1)
  return found[0] as Found
}

async function read(name: string, file: Found, range?: Range): Promise<Buffer> {
  const opened = await sourceOf(name).open(file, signal)
  const chunks: Buffer[] = []
  for await (const chunk of opened.read(range)) chunks.push(Buffer.from(chunk))
  await opened.close()
  return Buffer.concat(chunks)
}

const all = async (name: string) => read(name, await list(name))

/** Lies to the requests behind the one that lists the file. */
const then =
  (...lies: (Lies | undefined)[]): Script =>
  (_, count) =>
    count === 0 ? undefined : lies[count - 1]

test.each<[string, Script]>([
  ['answers 503 for a while', (_, count) => (count < 3 ? { status: 503 } : undefined)],
  [
    'answers 429 with Retry-After',
    (_, count) => (count === 1 ? { status: 429, headers: { 'retry-after': '1' } } : undefined),
  ],
  ['cuts the connection', then({ cutAfter: 700_000 }, { cutAfter: 1000 })],
  ['cuts it before the first byte', then({ cutAfter: 0 }, { cutAfter: 0 })],
  ['stalls', then({ stallAfter: 500_000 })],
  ['does not answer at first', then({ silent: true })],
  ['ignores ranges', () => ({ ignoresRanges: true })],
  [
    'ignores ranges and cuts',
    (_, count) => ({ ignoresRanges: true, ...(count === 1 && { cutAfter: 700_000 }) }),
  ],
  ['ignores conditions', () => ({ ignoresConditions: true })],
  [
    'sends weak ETags and cuts',
    (_, count) => ({ weak: true, ...(count === 1 && { cutAfter: 700_000 }) }),
  ],
  ['says no length', () => ({ chunked: true, ignoresRanges: true })],
  ['has no validators', () => ({ noValidators: true })],
  ['gives another range once', then({ cutAfter: 700_000 }, { otherRange: true })],
])('a server that %s gives the right bytes', { timeout: 30_000 }, async (_, script) => {
  const name = put(script)
  const bytes = await all(name)
  expect(bytes.equals(content)).toBe(true)
})

test('what was cut off is taken up where it ended, under the same ETag', async () => {
  const name = put(then({ cutAfter: 700_000 }))
  expect((await all(name)).equals(content)).toBe(true)
  const [first, whole, resumed] = server.asked(name)
  expect(first?.headers.range).toBe('bytes=0-3')
  expect(whole?.headers.range).toBeUndefined()
  const [, from] = /^bytes=(\d+)-1988889$/.exec(resumed?.headers.range ?? '') ?? []
  expect(Number(from)).toBeGreaterThan(600_000)
  expect(resumed?.headers['if-match']).toBe(whole?.headers['if-match'])
  expect(whole?.headers['if-match']).toMatch(/^"[0-9a-f]{32}"$/)
})

test.each<[string, Lies]>([
  ['says so', {}],
  ['ignores conditions', { ignoresConditions: true }],
  ['sends weak ETags', { weak: true, ignoresConditions: true }],
  ['ignores ranges too', { ignoresConditions: true, ignoresRanges: true }],
])('a file that changes between two answers of a server that %s is an error', async (_, lies) => {
  const name: string = put((_, count) => {
    // With as many bytes as before.
    if (count === 2) server.put(name, Buffer.from(content).reverse())
    return count === 1 ? { ...lies, cutAfter: 700_000 } : lies
  })
  const error = await all(name).catch((thrown) => thrown)
  expect(error).toMatchObject({ code: 'file_changed' })
  expect(error.message).toContain(server.urlOf(name))
})

test('answers that cannot be told to be of one state are not put together', async () => {
  const name = put((_, count) => ({
    noValidators: true,
    ...(count === 1 && { cutAfter: 700_000 }),
  }))
  const file = await list(name)
  await expect(read(name, file)).rejects.toMatchObject({ code: 'source_unavailable' })
  expect((await read(name, file)).equals(content)).toBe(true)
})

test.each<[string, Script, string]>([
  ['is away', () => ({ status: 503 }), 'source_unavailable'],
  ['cuts every answer', then(...Array(20).fill({ cutAfter: 10 })), 'source_unavailable'],
  ['sends too much', () => ({ chunked: true, more: 5 }), 'source_unavailable'],
  ['refuses', () => ({ status: 403 }), 'source_refused'],
  ['has no file', () => ({ status: 404 }), 'source_refused'],
  ['encodes as it likes', () => ({ encoding: 'br' }), 'packing_unsupported'],
  [
    'never says where a file ends',
    () => ({ endless: true, ignoresRanges: true }),
    'source_refused',
  ],
  [
    'redirects to metadata',
    () => ({ redirect: 'http://169.254.169.254/latest' }),
    'address_not_allowed',
  ],
  ['redirects to [::1]', () => ({ redirect: 'http://[::ffff:10.0.0.1]/' }), 'address_not_allowed'],
  ['has taken the file away', then({ status: 404 }), 'file_vanished'],
  ['says another length', then({ headers: { 'content-length': '99' } }), 'file_changed'],
])(
  'a server that %s is an error without a secret',
  { timeout: 30_000 },
  async (_, script, code) => {
    const name = put(script)
    const error = await all(name).catch((thrown) => thrown)
    expect(error).toMatchObject({ code })
    const told = JSON.stringify([error, error.message, error.hint, error.stack, `${error.cause}`])
    expect(told).not.toContain('hush')
  },
)

test('a signature that has ended is told as that', async () => {
  const name = put(() => ({ status: 403 }))
  const query = '?X-Amz-Date=20200101T000000Z&X-Amz-Expires=900&X-Amz-Signature=hush'
  const source = http.open(
    { kind: 'http', url: server.urlOf(name) + query },
    sourceDeps({ transport }),
  )
  const listing = async () => {
    for await (const _ of source.list(signal));
  }
  await expect(listing()).rejects.toThrow(
    'the signature of the address ended at 2020-01-01T00:15:00.000Z',
  )
})

test('an empty file, with and without ranges', async () => {
  for (const lies of [{}, { ignoresRanges: true as const }]) {
    const name = put(() => lies, Buffer.alloc(0))
    const file = await list(name)
    expect(file.sizeBytes).toBe(0)
    expect(await read(name, file)).toHaveLength(0)
  }
})

test('a body that is packed on its way is the packed file', async () => {
  const name = put(() => ({ encoding: 'gzip' }))
  const bytes = await all(name)
  expect(bytes.subarray(0, 3).toString('hex')).toBe('1f8b08')
})

test('a range costs its bytes only, also of a zip', async () => {
  const name = 'archive.zip'
  server.put(name, await zip({ 'a.csv': content, 'b.csv': 'b\n1\n' }, { compress: false }))
  const source = withMembers(sourceOf(name), unpacking)
  const found: Found[] = []
  for await (const file of source.list(signal)) found.push(file)
  expect(found.map(({ member }) => member)).toEqual(['a.csv', 'b.csv'])
  expect(found[1]?.name).toBe(`${server.urlOf(name)}/b.csv`)
  const opened = await source.open(found[1] as Found, signal)
  const chunks: Buffer[] = []
  for await (const chunk of opened.read()) chunks.push(Buffer.from(chunk))
  expect(`${Buffer.concat(chunks)}`).toBe('b\n1\n')
  expect(server.asked(name).every(({ headers }) => headers.range !== undefined)).toBe(true)
})

test('files are called as their address, and what their server calls them', async () => {
  const disposition =
    (text: string): Script =>
    () => ({ headers: { 'content-disposition': text } })
  server.put('export', content, disposition('attachment; filename="../../etc/trips 1.csv"'))
  server.put(
    'coded',
    content,
    disposition("attachment; filename=x; filename*=UTF-8''caf%C3%A9.csv"),
  )
  server.put('plain.csv', content, disposition('inline; filename=plain.csv'))
  const urls = ['export?page=1', 'export?page=2', 'coded', 'plain.csv', 'plain.csv?again']
  const source = http.open(
    { kind: 'http', url: urls.map((each) => `${server.url}/${each}`) },
    sourceDeps({ transport }),
  )
  const names: string[] = []
  for await (const { name } of source.list(signal)) names.push(name.slice(server.url.length + 1))
  expect(names).toEqual([
    'export#trips 1.csv',
    'export#2/trips 1.csv',
    'coded#café.csv',
    'plain.csv',
    'plain.csv#2',
  ])
})
