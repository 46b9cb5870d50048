/** Lists of a store: which keys, in how many requests, and what a store that lies comes to. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, expect, test } from 'vitest'
import { createTransport } from '../../src/http/transport.ts'
import { s3 } from '../../src/sources/s3.ts'
import type { Found } from '../../src/sources/source.ts'
import { loopback, sourceDeps } from '../sourceDeps.ts'
import { type KeyList, type ListLies, listOf } from './fakeList.ts'
import { type FakeOptions, type FakeS3, startFakeS3 } from './fakeS3.ts'
import { keys } from './signature.ts'

const { signal } = new AbortController()
const timeouts = { connectMs: 1000, headMs: 700, silenceMs: 700 }
const transport = createTransport({ allowPrivate: loopback, timeouts })

let fake: FakeS3
afterEach(() => fake.close())

async function start(names: string[] | KeyList, options: FakeOptions = {}): Promise<void> {
  fake = await startFakeS3({ ...options, list: Array.isArray(names) ? listOf(names) : names })
}

interface Listed {
  names: string[]
  leftOut: string[]
  found: Found[]
}

async function list(key: string, more: Record<string, unknown> = {}): Promise<Listed> {
  const { endpoint } = fake
  const connections = { store: { kind: 's3', endpoint, ...keys, ...more } }
  const spec = { kind: 's3' as const, url: `s3://bucket/${key}`, connection: 'store' }
  const listed: Listed = { names: [], leftOut: [], found: [] }
  const leave = (name: string, why: string) => listed.leftOut.push(`${name}: ${why}`)
  for await (const file of s3
    .open(spec, sourceDeps({ transport, connections }))
    .list(signal, leave)) {
    listed.found.push(file)
    listed.names.push(file.name.replace('s3://bucket/', ''))
  }
  return listed
}

const tree = [
  '2025/01/a.csv',
  '2025/01/b.csv',
  '2025/02/a.csv',
  '2025/readme.md',
  '2026/01/a.csv',
  '2026/01/deep/er/x.csv',
  '2026/01/odd//y.csv',
  '2026/01_$folder$',
  '2026/02/',
  '2026/top.csv',
  '2026/.hidden.csv',
]

test.each<[string, string[]]>([
  ['2025/*/a.csv', ['2025/01/a.csv', '2025/02/a.csv']],
  ['2026/*.csv', ['2026/top.csv']],
  ['2026/t*', ['2026/top.csv']],
  ['2026/', ['2026/top.csv']],
  ['2026', ['2026/top.csv']],
  ['{2025,2026}/01/a.csv', ['2025/01/a.csv', '2026/01/a.csv']],
  ['2026/**/x.csv', ['2026/01/deep/er/x.csv']],
  ['2026/**', tree.filter((key) => /^2026\/[^.]*\w\.csv$/.test(key))],
  ['**/y.csv', ['2026/01/odd//y.csv']],
  ['2026/*/odd//*.csv', ['2026/01/odd//y.csv']],
  ['202[56]/01/[ab].csv', ['2025/01/a.csv', '2025/01/b.csv', '2026/01/a.csv']],
])('%s stands for these keys', async (glob, expected) => {
  for (const pageSize of [1, 2, 1000]) {
    await start(tree, { pageSize })
    expect((await list(glob)).names).toEqual(expected)
    await fake.close()
  }
})

test('a folder tells what lies in it and is not read, but for the markers of folders', async () => {
  await start(tree)
  expect((await list('2026')).leftOut.sort()).toEqual([
    's3://bucket/2026/.hidden.csv: hidden',
    's3://bucket/2026/01/: a folder in the folder',
    's3://bucket/2026/02/: a folder in the folder',
  ])
})

test('what cannot match is not walked through', async () => {
  const many = (folder: string) => Array.from({ length: 5000 }, (_, n) => `${folder}/${n}.csv`)
  await start([...many('a/old'), 'a/x.csv', 'b/x.csv', ...many('b/old'), ...many('c')])
  expect((await list('{a,b}/x.csv')).names).toEqual(['a/x.csv', 'b/x.csv'])
  // Of 16 pages: the first of each folder that is jumped over, and the last one.
  expect(fake.lists.length).toBeLessThanOrEqual(4)
  expect(fake.lists[0]?.get('prefix')).toBeNull()
})

test('a list begins where the glob becomes one, and folders below it are not listed', async () => {
  await start(tree)
  await list('2026/t*.csv')
  expect(Object.fromEntries(fake.lists[0] ?? [])).toMatchObject({
    prefix: '2026/t',
    delimiter: '/',
  })
})

const odd = ['a b', 'a+b', 'a%20b', 'a&b<c>"\'', 'ü日👍', '/lead', 'x//y', './dot', '../up', 'n\nl']

test('keys of any characters are listed as they are', async () => {
  await start(odd)
  expect((await list('**')).names).toEqual(odd.filter((key) => !/^\./.test(key)).sort())
  const raw = { isRaw: true } satisfies ListLies
  await fake.close()
  await start(odd.slice(0, 5), { onList: () => raw })
  expect((await list('*')).names.sort()).toEqual(odd.slice(0, 5).sort())
})

const hundred = Array.from({ length: 100 }, (_, n) => `k${String(n).padStart(3, '0')}.csv`)
const slowDown = { error: { status: 503, code: 'SlowDown', headers: { 'retry-after': '0' } } }

test.each<[string, (count: number) => ListLies | undefined]>([
  ['is slow for a while', (count) => (count < 3 ? slowDown : undefined)],
  ['cuts a page', (count) => (count === 1 ? { cutAfter: 500 } : undefined)],
  [
    'ends a page in the middle',
    (count) => (count === 1 ? { xml: '<ListBucketResult><IsTruncated>false' } : undefined),
  ],
  ['sends no XML once', (count) => (count === 0 ? { xml: 'hello' } : undefined)],
  [
    'answers with a page of another kind',
    (count) => (count === 0 ? { xml: '<html/>' } : undefined),
  ],
  ['sends pages without keys in between', (count) => (count === 2 ? { noKeys: true } : undefined)],
])('a store that %s is listed whole', async (_, onList) => {
  await start(hundred, { pageSize: 30, onList })
  expect((await list('*')).names).toEqual(hundred)
})

test.each<[string, (count: number) => ListLies, string]>([
  ['goes on where it has been', () => ({ token: 'YWdhaW4=' }), 'where it has been before'],
  [
    'begins anew each time',
    (count) => ({ fromStart: true, token: `t${count}` }),
    'do not come in their order',
  ],
  ['does not say how to go on', () => ({ token: null }), 'not how to go on'],
])('a store that %s is told, and not listed for ever', async (_, onList, problem) => {
  await start(hundred, { pageSize: 30, onList })
  await expect(list('*')).rejects.toMatchObject({
    code: 'store_refused',
    message: expect.stringContaining(problem),
  })
})

test('a store that sends page after page without a key is told', { timeout: 60_000 }, async () => {
  let pages = 0
  await start(hundred, { onList: () => ({ noKeys: true, token: `t${pages++}` }) })
  await expect(list('*')).rejects.toThrow('page after page without a key')
})

test.each([
  ['an entity', '<!DOCTYPE a [<!ENTITY b "c">]><ListBucketResult/>'],
  ['elements without end', `<ListBucketResult>${'<a>'.repeat(5000)}`],
  ['more than a page may have', `<ListBucketResult>${`<a>${'x'.repeat(3_000_000)}</a>`.repeat(3)}`],
  [
    'an object without a size',
    '<ListBucketResult><Contents><Key>a</Key></Contents></ListBucketResult>',
  ],
])('a page with %s is refused', { timeout: 60_000 }, async (_, xml) => {
  await start(hundred, { onList: () => ({ xml }) })
  await expect(list('*')).rejects.toMatchObject({ code: 'source_unavailable' })
})

test('nothing found is told, and so is an address that is none', async () => {
  await start(tree)
  await expect(list('2024/*.csv')).rejects.toMatchObject({ code: 'source_empty' })
  await expect(list('2024/a.csv')).rejects.toMatchObject({ code: 'source_empty' })
  await expect(list(`${'x{'.repeat(60)}*`)).rejects.toMatchObject({ code: 'glob_invalid' })
  for (const url of ['s3://', 's3:///key', 's3://AK:hush@bucket/key', 's3://arn:aws:s3:::b/k']) {
    const refused = () => s3.checkOptions({ kind: 's3', url })
    expect(refused).toThrow(expect.objectContaining({ code: 'url_invalid' }))
    expect(refused).not.toThrow(/hush/)
  }
})

test('what is excluded, or too old, is left out and told', async () => {
  await start(tree)
  const { endpoint } = fake
  const connections = { store: { kind: 's3', endpoint, ...keys } }
  const listed = async (more: { exclude?: string[]; newerThan?: string; order?: 'newest' }) => {
    const spec = { kind: 's3' as const, url: 's3://bucket/2025/*/*', connection: 'store', ...more }
    const names: string[] = []
    const leave = (name: string, why: string) => names.push(`${name.slice(12)}: ${why}`)
    const source = s3.open(spec, sourceDeps({ transport, connections }))
    for await (const { name, place } of source.list(signal, leave)) {
      names.push(`${name.slice(12)} ${place}`)
    }
    return names
  }
  expect(await listed({ exclude: ['b.*', '02/*'] })).toEqual([
    '2025/01/a.csv 0',
    '2025/01/b.csv: excluded',
    '2025/02/a.csv: excluded',
  ])
  const old = await listed({ newerThan: '2026-01-03' })
  expect(old).toContain('2025/01/a.csv: not newer than 2026-01-03')
  expect(old).toHaveLength(3)
  const [newest] = await listed({ order: 'newest' })
  expect(newest).toBe(`2025/01/a.csv -${Date.parse('2026-01-02T03:04:05.000Z')}`)
})

test('a connection with a url lists and reads below it only', async () => {
  await start([...tree, '20260/secret.csv'])
  const below = { url: 's3://bucket/2026' }
  expect((await list('2026/*.csv', below)).names).toEqual(['2026/top.csv'])
  for (const key of ['2025/01/a.csv', '2026{,0}/*.csv', '*/top.csv', '2026*/*.csv', '20260/']) {
    await expect(list(key, below)).rejects.toMatchObject({ code: 'url_invalid' })
  }
})

test('300,000 keys are listed in flat memory', { timeout: 180_000 }, async () => {
  const keyAt = (n: number) => `data/${String(n).padStart(7, '0')}.csv`
  const behind = (text: string) => (/^data\/\d{7}/.test(text) ? Number(text.slice(5, 12)) + 1 : 0)
  await start({ count: 300_000, keyAt, behind })
  const spec = { kind: 's3' as const, url: 's3://bucket/data/*.csv', connection: 'store' }
  const connections = { store: { kind: 's3', endpoint: fake.endpoint, ...keys } }
  const source = s3.open(spec, sourceDeps({ transport, connections }))
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  const heapMb = () => {
    gc()
    return process.memoryUsage().heapUsed / 2 ** 20
  }
  let count = 0
  let mostMb = 0
  const beforeMb = heapMb()
  for await (const _ of source.list(signal)) {
    if (++count % 50_000 === 0) mostMb = Math.max(mostMb, heapMb())
  }
  expect(count).toBe(300_000)
  // Their names alone would be more: 100 bytes each, and what is around them.
  expect(mostMb - beforeMb).toBeLessThan(20)
})
