/**
 * Requests that nobody would write by hand, for every operation that the API documents: whatever
 * comes, the answer is one that the documentation names, and never a defect.
 */
import fc, { type Arbitrary } from 'fast-check'
import { expect, test } from 'vitest'
import { anyText } from '../anyText.ts'
import { type OpenApi, operationsOf } from './documented.ts'
import { buildApi } from './server.ts'

const api = await buildApi()
const openApi = (await api.ask('GET', '/docs/json')).body as OpenApi

// What most requests are about.
const spec = {
  queue: 'nobody',
  source: { kind: 'directory', path: '/x' },
  target: { table: 'public.t' },
}
await api.ask('POST', '/v1/ingests', { id: 'x', ...spec })
await api.put('x.csv', 'a\n1\n')

const runsEach = 20
const atOnce = 6

/** What breaks what takes it for a name, a number, a pattern or a path. */
const hostile = fc.constantFrom(
  ...['', ' ', '\0', 'a\0b', '\ud800', 'x\udfff', '\u202e', '\x1b[2J', '\ufeff', 'é', '\u{1f600}'],
  ...['__proto__', 'constructor', 'toString', '..', '../..', '/', '%', '%00', "'; drop table t--"],
  ...[
    'null',
    'NaN',
    '-1',
    '0',
    '1.5',
    '1e9',
    '0x10',
    '2147483648',
    '9'.repeat(25),
    'a'.repeat(5000),
  ],
  ...['true', 'public.t', '*a*a*a*b', '/_sys/x', 'retry-1', 'x'],
)
const texts = fc.oneof(hostile, anyText({ maxLength: 20 }))
const numbers = fc.oneof(
  fc.constantFrom(0, -1, 1, 1.5, 2147483647, 2147483648, 1e15, 2 ** 53, 1e300, -1e300, 5e-324),
  fc.integer(),
)
const anything = fc.oneof(
  texts,
  numbers,
  fc.boolean(),
  fc.constant(null),
  fc.jsonValue({ maxDepth: 2 }),
)

// biome-ignore lint/suspicious/noExplicitAny: a JSON schema as it came.
type Schema = any

/** Mostly what the schema wants, so that a request comes further than its first fault. */
function valueOf(schema: Schema): Arbitrary<unknown> {
  return fc.oneof({ weight: 6, arbitrary: wanted(schema) }, { weight: 1, arbitrary: anything })
}

function wanted(schema: Schema): Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const)
  if (schema.enum) return fc.constantFrom(...schema.enum)
  const branches = schema.anyOf ?? schema.oneOf
  if (branches) return fc.oneof(...branches.map(valueOf))
  if (schema.type === 'object') return objectOf(schema)
  if (schema.type === 'array') return fc.array(valueOf(schema.items), { maxLength: 3 })
  if (schema.type === 'boolean') return fc.boolean()
  if (schema.type === 'integer' || schema.type === 'number') {
    const { minimum = 0, maximum = 1000 } = schema
    return fc.oneof(fc.constantFrom(minimum, maximum, minimum - 1, maximum + 1), numbers)
  }
  const good = fc.constantFrom('x', 'x.csv', ',', '1%', '10m')
  return fc.oneof({ weight: 3, arbitrary: good }, { weight: 1, arbitrary: texts })
}

function objectOf({ properties = {}, required = [] }: Schema): Arbitrary<unknown> {
  const entries = Object.entries(properties).map(([name, schema]) => [name, valueOf(schema)])
  const known = fc.record(Object.fromEntries(entries), { requiredKeys: required })
  const odd = fc.option(fc.tuple(texts, anything), { freq: 8 })
  return fc
    .tuple(known, odd)
    .map(([object, more]) => (more ? { ...object, [more[0]]: more[1] } : object))
}

/** Of an ingest: a spec that is good but for one part of it. */
function bodyOf(path: string, schema: Schema): Arbitrary<unknown> {
  if (path !== '/v1/ingests') return valueOf(schema)
  return fc
    .constantFrom(...Object.keys(schema.properties))
    .chain((name) => fc.record({ [name]: valueOf(schema.properties[name]) }))
    .map((part) => ({ ...spec, ...part }))
}

/** A half of a surrogate pair has no UTF-8, so it is sent as what would be it. */
const encoded = (text: string): string =>
  encodeURIComponent(text.replace(/\p{Surrogate}/gu, '\ue000')).replaceAll('%EE%80%80', '%ED%A0%80')

function requestsOf({ path, method, operation }: ReturnType<typeof operationsOf>[number]) {
  const parameters: Schema[] = operation.parameters ?? []
  const content = operation.requestBody?.content ?? {}
  const body = content['application/json']?.schema
  const values = fc.record(
    Object.fromEntries(
      parameters.map(({ in: where, name, schema }) => [
        `${where} ${name}`,
        where === 'path' ? valueOf(schema) : fc.option(valueOf(schema), { nil: undefined }),
      ]),
    ),
  )
  const bodies = body ? bodyOf(path, body) : fc.constant(undefined)
  return fc.tuple(values, bodies).map(([given, sent]) => {
    const of = (kind: string) =>
      Object.entries(given).flatMap(([key, value]) =>
        key.startsWith(kind) && value !== undefined
          ? [[key.slice(kind.length + 1), encoded(textOf(value))] as const]
          : [],
      )
    const at = of('path').reduce((text, [name, value]) => text.replace(`{${name}}`, value), path)
    const query = of('query')
      .map((pair) => pair.join('='))
      .join('&')
    return { method, url: query ? `${at}?${query}` : at, body: sent }
  })
}

const textOf = (value: unknown): string =>
  typeof value === 'string' ? value : (JSON.stringify(value) ?? '')

test('gives a documented answer to whatever comes', { timeout: 60_000 }, async () => {
  // Events of an ingest under way have no end.
  const operations = operationsOf(openApi).filter(({ path }) => !path.endsWith('/events'))
  const requests = operations.flatMap((operation) =>
    fc.sample(requestsOf(operation), { numRuns: runsEach, seed: 9 }),
  )
  const statuses = new Set<number>()
  const work = async () => {
    for (let next = requests.pop(); next; next = requests.pop()) {
      const answer = await api.ask(next.method, next.url, next.body)
      statuses.add(answer.status)
      const what = JSON.stringify({ ...next, answer: answer.body }).slice(0, 2000)
      expect(answer.status, what).toBeLessThan(500)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  // It came past the schemas as well.
  expect([...statuses]).toEqual(expect.arrayContaining([200, 202, 400, 404]))
})
