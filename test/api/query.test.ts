/** Every query parameter of every address: its range, its type, given twice, and names that are none. */
import { expect, test } from 'vitest'
import { type OpenApi, operationsOf } from './documented.ts'
import { buildApi } from './server.ts'

const api = await buildApi()
const openApi = (await api.ask('GET', '/docs/json')).body as OpenApi
const spec = { source: { kind: 'directory', path: '/x' }, target: { table: 't' }, queue: 'nobody' }
await api.ask('POST', '/v1/ingests', { id: 'x', ...spec })
await api.put('x', 'a\n1\n')

/** A request that is right but for its query. */
const bodies: Record<string, unknown> = {
  '/v1/ingests': { id: 'x', ...spec },
  '/v1/workers/{worker}/commands': { kind: 'ping' },
  '/v1/queues/{queue}/rate-limit': { perSecond: null },
  '/v1/budget': { unitsMax: null },
}

interface Schema {
  type?: string
  maxLength?: number
  pattern?: string
  minimum?: number
  maximum?: number
  enum?: unknown[]
  anyOf?: { const: unknown }[]
}

const anyRoute = operationsOf(openApi).filter(({ path }) => path.startsWith('/v1/'))

interface QueryParameter {
  name: string
  required?: boolean
  schema: Schema
}

const queryOf = ({ operation }: (typeof anyRoute)[number]): QueryParameter[] =>
  (operation.parameters ?? []).filter((each: { in: string }) => each.in === 'query')

/** Any text will do for it, of which there is not too much. */
const isText = ({ type, pattern, enum: words }: Schema) =>
  type === 'string' && pattern === undefined && words === undefined

/** Texts that it does not take. */
function oddOf(schema: Schema): string[] {
  const ofNoText = isText(schema) ? [] : ['a%20b', '%ED%A0%80', '9'.repeat(400)]
  return ['', '%00', '9'.repeat((schema.maxLength ?? 400) + 1), ...ofNoText]
}

async function ask({ path, method, operation }: (typeof anyRoute)[number], query: string) {
  const at = path.replace('{retry}', 'retry-1').replace(/\{\w+\}/g, 'x')
  return api.ask(method, `${at}?${query}`, operation.requestBody && (bodies[path] ?? {}))
}

async function refused(route: (typeof anyRoute)[number], query: string, name: string) {
  const { status, body } = await ask(route, query)
  const what = `${route.method} ${route.path}?${query}`
  expect([status, body.code, body.detail], what).toEqual([
    400,
    'request_invalid',
    expect.stringContaining(name),
  ])
}

test('a parameter that an address does not have is refused by its name', async () => {
  expect(anyRoute.length).toBeGreaterThan(20)
  for (const route of anyRoute) {
    for (const name of ['nonsense', 'Limit', 'limit[]', '__proto__', 'constructor']) {
      await refused(route, `${name}=1`, name)
    }
  }
})

test('a parameter that is given twice is refused by its name', async () => {
  for (const route of anyRoute) {
    for (const { name } of queryOf(route)) await refused(route, `${name}=1&${name}=1`, name)
  }
})

test('a parameter out of its range or of another type is refused by its name', async () => {
  let checked = 0
  for (const route of anyRoute) {
    for (const { name, schema } of queryOf(route)) {
      const { type, minimum, maximum } = schema
      const isNumber = type === 'integer' || type === 'number'
      // A number without a range would be one that somebody forgot.
      if (isNumber)
        expect([minimum, maximum], name).toEqual([expect.any(Number), expect.any(Number)])
      const ends = [(minimum as number) - 1, (maximum as number) + 1]
      const outside = isNumber ? [...ends, '-1', '1.5', '1e3', '0x1', 'NaN'] : []
      const others = queryOf(route).filter((each) => each.required && each.name !== name)
      const beside = others.map((other) => `&${other.name}=x`).join('')
      for (const text of [...outside, ...oddOf(schema)])
        await refused(route, `${name}=${text}${beside}`, name)
      checked++
    }
  }
  expect(checked).toBeGreaterThanOrEqual(11)
})

test('a body that is absent is an empty one, and null is none', async () => {
  const at = '/v1/ingests/x/retry-rejects'
  const absent = await api.ask('POST', at)
  expect([absent.status, absent.body.code]).toEqual([409, 'retry_too_early'])
  const none = await api.ask('POST', at, null)
  expect([none.status, none.body.detail]).toEqual([400, expect.stringContaining('it is null')])
  const odd = await api.ask('GET', '/v1/budget?x=1')
  expect(odd.body.detail).toBe('The request is not valid: x is not known here.')
})

test('what a page says as its next one is taken', async () => {
  const pages = { units: '0', steps: '0.0', rejects: '0:0' }
  for (const [list, after] of Object.entries(pages)) {
    expect((await api.ask('GET', `/v1/ingests/x/${list}?after=${after}`)).status).toBe(200)
  }
})
