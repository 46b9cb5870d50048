/** Connections: where they are described, what is wrong with them, and that they keep their secrets. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { headersOf, isWithin } from '../../src/connections/http.ts'
import { createConnections } from '../../src/connections/index.ts'
import { inProcess } from '../cli/inProcess.ts'

const folder = await mkdtemp(join(tmpdir(), 'sluice-connections-'))
afterAll(() => rm(folder, { recursive: true, force: true }))

const url = 'https://files.example/a/'
const env: Record<string, string> = { TOKEN: 'hush-env' }

const from = (settings: Record<string, unknown>, more: { variables?: [string, string][] } = {}) =>
  createConnections(
    { settings, folder: null, variables: new Map(more.variables) },
    (name) => env[name],
  )

test('a variable goes before the folder, and the folder before the settings file', async () => {
  const at = (place: string) => ({ kind: 'http', url: `https://${place}.example/` })
  await mkdir(join(folder, '..data'))
  await writeFile(join(folder, 'b.json'), JSON.stringify(at('folder')))
  await writeFile(join(folder, 'c.yaml'), 'kind: http\nurl: https://folder.example/\n')
  const connections = createConnections(
    {
      settings: { a: at('settings'), b: at('settings'), c: at('settings') },
      folder,
      variables: new Map([['c', JSON.stringify(at('variable'))]]),
    },
    () => undefined,
  )
  const found = await connections.list()
  expect(found.map(({ name, from: place, to }) => [name, place, to])).toEqual([
    ['a', 'the settings file', 'https://settings.example/'],
    ['b', join(folder, 'b.json'), 'https://folder.example/'],
    ['c', 'SLUICE_CONNECTION_C', 'https://variable.example/'],
  ])
  expect(await connections.get('c', 'http')).toEqual(at('variable'))
})

test('a secret may stand in a variable or a file, and is read anew', async () => {
  const path = join(folder, '.token')
  const connections = from({
    a: { kind: 'http', url, bearer: { env: 'TOKEN' }, headers: { 'X-Key': { file: path } } },
  })
  for (const key of ['one', 'two']) {
    await writeFile(path, `${key}\n`)
    const found = await connections.get('a', 'http')
    expect(headersOf(found)).toEqual({ authorization: 'Bearer hush-env', 'x-key': key })
  }
  const basic = await from({ a: { kind: 'http', url, user: 'me', password: 'hush' } }).get(
    'a',
    'http',
  )
  expect(headersOf(basic)).toEqual({ authorization: 'Basic bWU6aHVzaA==' })
})

test.each<[string, unknown, string]>([
  ['no kind', { url }, 'lacks kind'],
  ['another kind', { kind: 'ftp', url }, 'its kind is none of http'],
  ['no object', 'hush', 'lacks kind'],
  ['no url', { kind: 'http' }, 'lacks url'],
  ['a secret as url', { kind: 'http', url: 'hush' }, 'url is no URL'],
  [
    'a login in its url',
    { kind: 'http', url: 'https://me:hush@files.example/' },
    'a user or a password',
  ],
  ['a query in its url', { kind: 'http', url: `${url}?sig=hush` }, 'url has a query'],
  [
    'two logins',
    { kind: 'http', url, bearer: 'hush', user: 'a', password: 'hush' },
    'both bearer and user',
  ],
  ['half a login', { kind: 'http', url, password: 'hush' }, 'go together'],
  ['a line end', { kind: 'http', url, bearer: 'hush\r\nx: y' }, 'characters that no header has'],
  ['a header of ours', { kind: 'http', url, headers: { Range: 'hush' } }, 'for Sluice itself'],
  ['what it does not have', { kind: 'http', url, token: 'hush' }, 'token is not known here'],
  [
    'a variable that is not set',
    { kind: 'http', url, bearer: { env: 'NO' } },
    'the variable NO is not set',
  ],
  [
    'a file that is not there',
    { kind: 'http', url, bearer: { file: '/no' } },
    'the file /no cannot be read (ENOENT)',
  ],
])('%s is told without a secret', async (_, described, words) => {
  const error = await from({ a: described })
    .get('a', 'http')
    .catch((thrown) => thrown)
  expect(error).toMatchObject({
    code: 'connection_invalid',
    message: expect.stringContaining(words),
  })
  const [listed] = await from({ a: described }).list()
  expect(listed?.problem).toContain(words)
  expect(JSON.stringify([error.message, error.hint, error.cause, listed])).not.toContain('hush')
})

test.each(['{"kind": "http", "bearer": hush', '[hush', '"hush\n'])(
  'what cannot be read is told without it: %j',
  async (text) => {
    const connections = from({}, { variables: [['a', text]] })
    const error = await connections.get('a', 'http').catch((thrown) => thrown)
    expect(error.code).toBe('connection_invalid')
    expect(JSON.stringify([error.message, error.cause, await connections.list()])).not.toContain(
      'hush',
    )
  },
)

test('one that is not there is told with those that are', async () => {
  const error = await from({ one: { kind: 'http', url }, two: 1 })
    .get('no', 'http')
    .catch((e) => e)
  expect(error).toMatchObject({
    code: 'connection_unknown',
    message: expect.stringContaining('one, two'),
  })
})

test.each<[string, boolean]>([
  ['https://files.example/a/b.csv', true],
  ['https://files.example/a/', true],
  ['https://files.example/a/b/../c.csv', true],
  ['https://files.example/a/../b.csv', false],
  ['https://files.example/a/%2e%2e/b.csv', false],
  ['https://files.example/ab.csv', false],
  ['http://files.example/a/b.csv', false],
  ['https://files.example:444/a/b.csv', false],
  ['https://files.example.evil/a/b.csv', false],
])('%s is one of its addresses: %s', (address, is) => {
  expect(isWithin({ kind: 'http', url }, new URL(address))).toBe(is)
})

const server = createServer(({ headers }, response) => {
  response.writeHead(headers.authorization === 'Bearer hush' ? 404 : 401).end()
})
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
afterAll(() => server.close())
const at = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`

test('sluice connections lists them, and tests one', async () => {
  const given = {
    SLUICE_HOME: join(folder, 'none'),
    SLUICE_ALLOW_PRIVATE_ADDRESSES: '127.0.0.1',
    SLUICE_CONNECTION_GOOD: JSON.stringify({ kind: 'http', url: at, bearer: 'hush' }),
    SLUICE_CONNECTION_BAD: JSON.stringify({ kind: 'http', url: at, bearer: 'hush-hush' }),
    SLUICE_CONNECTION_WRONG: 'hush',
  }
  const run = (...args: string[]) => inProcess(['connections', ...args], given)
  const all = await run()
  expect([all.code, all.error]).toEqual([0, ''])
  expect(all.out).toMatch(/^CONNECTION +KIND +LEADS TO +DESCRIBED IN$/m)
  expect(all.out).toContain('SLUICE_CONNECTION_GOOD')
  expect(all.out).toContain(at)
  const json = JSON.parse((await run('--json')).out)
  expect(json.connections.map(({ name }: { name: string }) => name)).toEqual([
    'bad',
    'good',
    'wrong',
  ])
  const good = await run('test', 'good')
  expect([good.code, good.out]).toEqual([
    0,
    expect.stringContaining('good: its server answers 404'),
  ])
  const bad = await run('test', 'bad')
  expect([bad.code, bad.error]).toEqual([1, expect.stringContaining('401 Unauthorized')])
  const none = await run('test', 'none')
  expect([none.code, none.error]).toEqual([
    1,
    expect.stringContaining('There is no connection none'),
  ])
  for (const { out, error } of [all, good, bad, none]) expect(out + error).not.toContain('hush')
})
