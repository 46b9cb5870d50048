/** The first route that holds decides, and what is not known yet decides nothing. */
import fc from 'fast-check'
import { Value } from 'typebox/value'
import { expect, test } from 'vitest'
import {
  checkRoutes,
  QueueName,
  queueFor,
  Route,
  type RouteFacts,
  Routes,
} from '../../src/domain/routes.ts'
import { parseSize, Size } from '../../src/domain/size.ts'

const facts: RouteFacts = {
  source: 'directory',
  paths: ['/data/2026/trips-1.csv', '/data/2026/trips-2.csv'],
  target: 'public.trips',
  sizeBytes: 5_000_000_000,
  step: null,
}
const queue = 'found'
const matches = (when: NonNullable<Route['when']>, known: Partial<RouteFacts> = {}) =>
  queueFor([{ when, queue }], { ...facts, ...known }) === queue

test('no routes, no queue', () => {
  expect(queueFor([], facts)).toBeNull()
  expect(queueFor([{ when: { source: 'upload' }, queue }], facts)).toBeNull()
})

test('the first route that matches wins, also over a closer one behind it', () => {
  const routes: Route[] = [
    { when: { source: 'upload' }, queue: 'uploads' },
    { when: { target: 'public.*' }, queue: 'first' },
    { when: { target: 'public.trips', sizeOver: 0 }, queue: 'second' },
    { queue: 'rest' },
  ]
  expect(queueFor(routes, facts)).toBe('first')
  expect(queueFor(routes.toReversed(), facts)).toBe('rest')
  expect(queueFor(routes, { ...facts, target: 'other.trips' })).toBe('rest')
})

test('every condition of a route must hold', () => {
  const when = {
    source: 'directory',
    target: 'public.*',
    sizeOver: '1GB',
    path: '/data/**',
  } as const
  expect(matches(when)).toBe(true)
  expect(matches({ ...when, source: 'upload' })).toBe(false)
  expect(matches({ ...when, target: 'other.*' })).toBe(false)
  expect(matches({ ...when, sizeOver: '6GB' })).toBe(false)
  expect(matches({ ...when, path: '/other/**' })).toBe(false)
})

test('a source is one of those that are named', () => {
  expect(matches({ source: ['upload', 'directory'] })).toBe(true)
  expect(matches({ source: ['upload'] })).toBe(false)
  expect(matches({ source: 'upload' }, { source: 'upload' })).toBe(true)
})

test('every path must match one of the globs', () => {
  expect(matches({ path: '/data/2026/*.csv' })).toBe(true)
  expect(matches({ path: '/data/2026/*-1.csv' })).toBe(false)
  expect(matches({ path: ['/data/2026/*-1.csv', '/data/2026/*-2.csv'] })).toBe(true)
  expect(matches({ path: '/data/*' })).toBe(false)
})

test('a path counts as what it leads to, by its text', () => {
  const wins = (path: string, glob: string) => matches({ path: glob }, { paths: [path] })
  expect(wins('./data//new/../trips.csv', 'data/trips.csv')).toBe(true)
  expect(wins('/data/big/', '/data/big/**')).toBe(true)
  expect(wins('/data/secret/../../etc/x.csv', '/data/**')).toBe(false)
  expect(wins('/../data/x.csv', '/data/*')).toBe(true)
  expect(wins('../data/x.csv', '../data/*')).toBe(true)
  expect(wins('../../x.csv', '../../x.csv')).toBe(true)
  expect(wins('.', '**')).toBe(true)
  expect(wins('/data/*.csv', '/data/*')).toBe(true)
  expect(wins('/data/Zürich 🚲.csv', '/data/Z?rich ?.csv')).toBe(true)
})

test('a target matches as schema.table, whatever is in its name', () => {
  expect(matches({ target: '*.trips' })).toBe(true)
  expect(matches({ target: ['x.y', 'public.t*'] })).toBe(true)
  expect(matches({ target: 'public.*' }, { target: 'public."a/b"' })).toBe(true)
  expect(matches({ target: 'Public.*' })).toBe(false)
})

test('over and under leave out the size itself', () => {
  expect(matches({ sizeOver: 4_999_999_999 })).toBe(true)
  expect(matches({ sizeOver: '5GB' })).toBe(false)
  expect(matches({ sizeUnder: '5GB' })).toBe(false)
  expect(matches({ sizeUnder: 5_000_000_001 })).toBe(true)
  expect(matches({ sizeOver: '1 GiB', sizeUnder: '5 GiB' })).toBe(true)
  expect(matches({ sizeUnder: 1 }, { sizeBytes: 0 })).toBe(true)
})

test('a condition on what is not known does not hold, in either direction', () => {
  expect(matches({ sizeOver: 0 }, { sizeBytes: null })).toBe(false)
  expect(matches({ sizeUnder: '4TB' }, { sizeBytes: null })).toBe(false)
  expect(matches({ target: '*' }, { target: null })).toBe(false)
  expect(matches({ path: '**' }, { paths: [] })).toBe(false)
  expect(matches({}, { target: null, paths: [], sizeBytes: null })).toBe(true)
})

test('steps go by routes that name a step, and verbs by the others', () => {
  const routes: Route[] = [
    { queue: 'verbs' },
    { when: { step: 'ocr', sizeOver: '1TB' }, queue: 'huge' },
    { when: { step: ['ocr', 'scan.*'] }, queue: 'gpu' },
  ]
  expect(queueFor(routes, facts)).toBe('verbs')
  expect(queueFor(routes, { ...facts, step: 'ocr' })).toBe('gpu')
  expect(queueFor(routes, { ...facts, step: 'scan.faces' })).toBe('gpu')
  expect(queueFor(routes, { ...facts, step: 'ocr', sizeBytes: 2e12 })).toBe('huge')
  // The step's own queue, then.
  expect(queueFor(routes, { ...facts, step: 'clean' })).toBeNull()
  expect(queueFor(routes.slice(1), facts)).toBeNull()
})

const condition = fc.record(
  {
    source: fc.constantFrom('upload' as const, 'directory' as const),
    path: fc.constantFrom('**', '/data/**', '*.csv'),
    target: fc.constantFrom('*', 'public.*', 'x.*'),
    sizeOver: fc.constantFrom<number | string>(0, '1GB', '9GB'),
    step: fc.constantFrom('ocr', '*'),
  },
  { requiredKeys: [] },
)
const someFacts = fc.record({
  source: fc.constantFrom('upload' as const, 'directory' as const),
  paths: fc.constantFrom<string[]>([], ['a.csv'], ['/data/x/a.csv']),
  target: fc.constantFrom(null, 'public.trips', 'x.y'),
  sizeBytes: fc.constantFrom(null, 0, 2e9),
  step: fc.constantFrom(null, 'ocr', 'clean'),
})

test('a list decides as its routes do one by one', () => {
  fc.assert(
    fc.property(fc.array(condition, { maxLength: 6 }), someFacts, (whens, known) => {
      const routes = whens.map((when, index) => ({ when, queue: `q${index}` }))
      const alone = routes.find((route) => queueFor([route], known) !== null)
      expect(queueFor(routes, known)).toBe(alone?.queue ?? null)
    }),
  )
})

test('with a condition more a route never matches more', () => {
  fc.assert(
    fc.property(condition, condition, someFacts, (when, more, known) => {
      // A step moves a route from the verbs to the steps.
      fc.pre(when.step !== undefined || more.step === undefined)
      const narrow = queueFor([{ when: { ...more, ...when }, queue }], known)
      if (narrow !== null) expect(queueFor([{ when, queue }], known)).toBe(queue)
    }),
  )
})

const refuse = (at: string, problem: string) => new Error(`${at}: ${problem}`)
const check = (...whens: Route['when'][]) =>
  checkRoutes(
    whens.map((when) => (when ? { when, queue } : { queue })),
    { refuse },
  )

test('what the schema cannot say is checked, with its place', () => {
  check()
  check(undefined, {}, { path: ['**', 'a/{b,c}'], target: 'public.*', sizeOver: 1, sizeUnder: 3 })
  check({ target: 'public.a**b', step: 'a**' })
  expect(() => check({ path: 'a[' })).toThrow('/0/when/path: a [ has no ]')
  expect(() => check({}, { path: ['a', 'b**'] })).toThrow('/1/when/path/1: ** stands for whole')
  expect(() => check({ step: '{x}' })).toThrow('/0/when/step: braces take alternatives')
  expect(() => check({ target: 'trips' })).toThrow(
    '/0/when/target: the table comes with its schema',
  )
  expect(() => check({ target: ['*', 'trips'] })).toThrow('/0/when/target/1: the table')
  expect(() => check({ sizeOver: '1GB', sizeUnder: '1000 MB' })).toThrow(
    '/0/when/sizeUnder: no size is over 1GB and under 1000 MB',
  )
  expect(() => check({ sizeOver: 1, sizeUnder: 2 })).toThrow('no size is over 1 and under 2')
})

test('globs that would cost too much for the paths of an ingest are refused', () => {
  const paths = Array.from({ length: 10_000 }, (_, n) => `/data/${n}/${'x'.repeat(200)}.csv`)
  const usual: Route[] = [{ when: { path: '/data/**' }, queue }]
  const costly: Route[] = [{ when: { path: [`/data/*/${'*x'.repeat(100)}y`, '/**'] }, queue }]
  checkRoutes(usual, { refuse, paths })
  checkRoutes(costly, { refuse, paths: paths.slice(0, 10) })
  expect(() => checkRoutes(costly, { refuse, paths })).toThrow(
    '/0/when/path: the globs are too long for so many paths',
  )
  // No path gets far with a glob that it does not begin like.
  checkRoutes([{ when: { path: '*x'.repeat(500) }, queue }], { refuse, paths })
  expect(queueFor(usual, { ...facts, paths })).toBe(queue)
})

test('what many routes cost is bounded, however long they are', () => {
  const braces = `{a,b}{a,b}{a,b}${'x'.repeat(980)}`
  const routesOf = (count: number): Route[] =>
    Array.from({ length: count }, () => ({ when: { path: Array(100).fill(braces) }, queue }))
  // As soon as the limit is passed, and not when all have been parsed.
  for (const count of [1, 100]) {
    expect(() => checkRoutes(routesOf(count), { refuse })).toThrow(
      /^\/0\/when\/path\/12: up to here all globs come to more than 100000 characters/,
    )
  }
  const usual: Route[] = Array.from({ length: 100 }, (_, n) => ({
    when: { path: [`/data/${n}/**/*.csv`, `/more/${n}/**/*.{csv,tsv}.gz`], target: 'public.*' },
    queue,
  }))
  const paths = Array.from({ length: 10_000 }, (_, n) => `/data/99/2024/05/${n}/measurements.csv`)
  checkRoutes(usual, { refuse, paths })
})

test.each([
  [{ queue: 'a b' }],
  [{ queue: 'a,b' }],
  [{ queue: '' }],
  [{ queue: 'x'.repeat(201) }],
  [{}],
  [{ queue, else: 1 }],
  [{ queue, when: { paths: 'x' } }],
  [{ queue, when: { source: 'ftp' } }],
  [{ queue, when: { source: [] } }],
  [{ queue, when: { path: [] } }],
  [{ queue, when: { path: '' } }],
  [{ queue, when: { path: 'x'.repeat(1001) } }],
  [{ queue, when: { sizeOver: '1 gig' } }],
  [{ queue, when: { sizeOver: -1 } }],
  [{ queue, when: { sizeOver: 1.5 } }],
  [{ queue, when: null }],
])('the schema refuses the route %j', (route) => {
  expect(Value.Check(Route, { queue })).toBe(true)
  expect(Value.Check(Route, route)).toBe(false)
})

test('the schema bounds a list of routes and takes any queue name of the command line', () => {
  expect(Value.Check(Routes, Array(100).fill({ queue }))).toBe(true)
  expect(Value.Check(Routes, Array(101).fill({ queue }))).toBe(false)
  expect(Value.Check(QueueName, 'größer/1:big.files')).toBe(true)
})

test.each([
  [0, 0],
  [1024, 1024],
  ['0B', 0],
  ['1b', 1],
  ['500MB', 500_000_000],
  ['500 mb', 500_000_000],
  ['1kB', 1000],
  ['1KiB', 1024],
  ['512 MiB', 536_870_912],
  ['1.5 GiB', 1_610_612_736],
  ['1GB', 1_000_000_000],
  ['2TB', 2_000_000_000_000],
  ['2 TiB', 2_199_023_255_552],
  ['0.3KB', 300],
  ['1.001kB', 1001],
])('the size %j is %d bytes', (size, bytes) => {
  expect(parseSize(size)).toBe(bytes)
  expect(Value.Check(Size, size)).toBe(true)
})

test.each([
  '',
  '1000',
  'GB',
  '1 G',
  '1GBs',
  '1  GB',
  ' 1GB',
  '-1GB',
  '1,5GB',
  '.5GB',
  '1.GB',
  '1iB',
  '١GB',
])('the size %j is none', (size) => {
  expect(parseSize(size)).toBeNull()
  expect(Value.Check(Size, size)).toBe(false)
})

test('schema and reader agree on every text', () => {
  const parts = fc.constantFrom('1', '0.5', '1.', ' ', 'k', 'M', 'g', 'T', 'i', 'I', 'B', 'b', '-')
  fc.assert(
    fc.property(fc.array(parts, { maxLength: 5 }), (list) => {
      const text = list.join('')
      expect(parseSize(text) !== null, text).toBe(Value.Check(Size, text))
    }),
    { numRuns: 3000 },
  )
})
