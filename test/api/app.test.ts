/** The app around the routes: problems, guards, documentation, health, metrics. */
import { request } from 'node:http'
import { expect, test } from 'vitest'
import { errorTable } from '../../src/errors.ts'
import { buildApi } from './server.ts'

const api = await buildApi()

/** fetch does not let a test choose these headers. */
function send(
  method: string,
  path: string,
  headers: Record<string, string>,
  body: string | Buffer = '',
) {
  return new Promise<{ status: number; text: string; allow: string | undefined }>(
    (resolve, reject) => {
      const asked = request(api.url + path, { method, headers }, async (answer) => {
        let text = ''
        for await (const chunk of answer) text += chunk
        resolve({ status: answer.statusCode ?? 0, text, allow: answer.headers.allow })
      })
      asked.on('error', reject).end(body)
    },
  )
}

const json = { 'content-type': 'application/json' }

test('tells every error as a problem', async () => {
  const { status, headers, body } = await api.ask('GET', '/v1/nowhere?x=1')
  expect([status, headers.get('content-type')]).toEqual([
    404,
    'application/problem+json; charset=utf-8',
  ])
  expect(body).toEqual({
    type: '/docs/errors#not_found',
    title: 'Not Found',
    status: 404,
    detail: 'There is nothing at /v1/nowhere.',
    code: 'not_found',
    hint: expect.any(String),
    instance: '/v1/nowhere',
  })
  for (const [type, text, wanted, code] of [
    ['application/json', '{"a', 400, 'request_invalid'],
    ['application/json', '{"__proto__": {"a": 1}}', 400, 'spec_invalid'],
    ['application/json', '{"constructor": {"prototype": {}}}', 400, 'spec_invalid'],
    ['application/json', '{"id": "a", "id": "b"}', 400, 'request_invalid'],
    ['application/json', '{"a":'.repeat(500_000), 400, 'request_invalid'],
    ['application/json', Buffer.from('{"id": "\xff"}', 'latin1'), 400, 'request_invalid'],
    ['application/json', '', 400, 'spec_invalid'],
    ['application/json', `{"a":"${'x'.repeat(4 * 1024 * 1024)}"}`, 413, 'body_too_large'],
    ['text/plain', '{}', 415, 'media_type_unknown'],
    ['application/x-www-form-urlencoded', 'a=1', 415, 'media_type_unknown'],
  ] as const) {
    const answer = await send('POST', '/v1/ingests', { 'content-type': type }, text)
    expect([answer.status, JSON.parse(answer.text).code]).toEqual([wanted, code])
  }
})

test('names the field that is wrong, wherever it stands', async () => {
  const good = { source: { kind: 'directory', path: '/x' }, target: { table: 't' } }
  const nul = 'holds a NUL character (\\u0000)'
  const half = 'holds half of a surrogate pair'
  for (const [method, path, body, said] of [
    ['GET', '/v1/ingests?limit=1.5', undefined, 'limit must be an integer'],
    ['GET', '/v1/ingests?limit=abc', undefined, 'limit must be an integer'],
    ['GET', '/v1/ingests?limit=', undefined, 'limit must be an integer'],
    ['GET', '/v1/ingests?limit=1e1', undefined, 'limit must be an integer'],
    ['GET', '/v1/ingests?limit=201', undefined, 'limit must be <= 200'],
    ['GET', '/v1/ingests?limit=1&limit=2', undefined, 'limit is given more than once'],
    ['GET', '/v1/ingests?before=', undefined, 'before does not fit'],
    ['GET', '/v1/ingests?before=%00', undefined, `before ${nul}`],
    ['GET', '/v1/ingests?before=%ED%A0%80', undefined, 'before does not fit'],
    ['GET', '/v1/ingests/x/units?after=2147483648', undefined, 'after must be <= 2147483647'],
    ['GET', '/v1/ingests/x/rejects?after=1:9999999999999999', undefined, 'after does not fit'],
    ['GET', '/v1/ingests/x/rejects?all=yes', undefined, 'all must be a boolean'],
    ['GET', '/v1/workers/a%00b', undefined, `worker ${nul}`],
    ['GET', '/v1/workers/%ED%A0%80', undefined, 'is not a valid url component'],
    ['POST', '/v1/ingests', { ...good, id: 'a\0' }, `id ${nul}`],
    ['POST', '/v1/ingests', { ...good, target: { table: '"a\0"' } }, `target.table ${nul}`],
    ['POST', '/v1/ingests', { ...good, source: { kind: 'directory', path: ['\ud800'] } }, half],
    ['POST', '/v1/ingests', { ...good, 'a\udfff': 1 }, half],
    ['POST', '/v1/ingests', { ...good, parallelism: 1e9 }, 'parallelism must be <= 200'],
    ['POST', '/v1/workers/x/commands', {}, 'kind must be one of'],
    ['POST', '/v1/ingests/x/retry-rejects', { upload: 'a\0' }, `upload ${nul}`],
    ['PUT', '/v1/budget', { unitsMax: '4' }, 'unitsMax must be an integer or null'],
    ['PUT', '/v1/queues/a%00/rate-limit', { perSecond: 1 }, `queue ${nul}`],
    ['DELETE', '/v1/uploads/a%00', undefined, `name ${nul}`],
  ] as const) {
    const answer = await api.ask(method, path, body)
    const wanted = [path, 400, expect.stringContaining(said)]
    expect([path, answer.status, answer.body.detail]).toEqual(wanted)
  }
})

test('a wrong method is 405 with what is allowed, at every address', async () => {
  const { body } = await api.ask('GET', '/docs/json')
  for (const path of Object.keys(body.paths)) {
    const address = path.replaceAll(/\{\w+\}/g, 'x')
    const methods = Object.keys(body.paths[path]).map((method) => method.toUpperCase())
    if (methods.includes('GET')) methods.push('HEAD')
    const allow = [...methods, 'OPTIONS'].sort().join(', ')
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'TRACE']) {
      if (methods.includes(method)) continue
      const answer = await send(method, address, {})
      expect([path, method, answer.status, answer.allow]).toEqual([path, method, 405, allow])
    }
    const options = await send('OPTIONS', address, {})
    expect([options.status, options.allow, options.text]).toEqual([204, allow, ''])
  }
  const missing = await send('GET', '/docs/static/nope.js', {})
  expect([missing.status, missing.allow]).toEqual([404, undefined])
  expect((await send('OPTIONS', '/v1/nowhere', {})).status).toBe(404)
})

test('answers to loopback names only, and to no page of another origin', async () => {
  for (const host of ['localhost:9', '127.0.0.1', '[::1]:3000', 'LOCALHOST']) {
    expect((await send('GET', '/healthz', { host })).status).toBe(200)
  }
  for (const host of ['evil.test', '127.0.0.1.evil.test', 'localhost.evil.test:80']) {
    expect((await send('GET', '/healthz', { host })).status).toBe(421)
  }
  const cancel = '/v1/ingests/nobody/cancel'
  const { host } = new URL(api.url)
  const cases: [Record<string, string>, number][] = [
    [{}, 404],
    [{ origin: `http://${host}` }, 404],
    [{ origin: 'http://evil.test' }, 403],
    [{ origin: 'null' }, 403],
    [{ 'sec-fetch-site': 'same-origin', origin: `http://${host}` }, 404],
    [{ 'sec-fetch-site': 'cross-site' }, 403],
    [{ 'sec-fetch-site': 'same-site' }, 403],
  ]
  for (const [headers, status] of cases) {
    expect([headers, (await send('POST', cancel, headers)).status]).toEqual([headers, status])
  }
  const preflight = await fetch(`${api.url}/v1/ingests`, {
    method: 'OPTIONS',
    headers: { 'access-control-request-method': 'POST' },
  })
  expect(preflight.headers.get('access-control-allow-origin')).toBeNull()
  const { headers } = await api.ask('GET', '/healthz')
  expect(headers.get('x-content-type-options')).toBe('nosniff')
  expect(headers.get('content-security-policy')).toMatch("default-src 'none'")
})

test('documents every address, and every error', async () => {
  const page = await fetch(`${api.url}/docs`)
  expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('swagger-ui')])
  expect((await fetch(`${api.url}/docs/static/swagger-ui-bundle.js`)).status).toBe(200)
  const { body } = await api.ask('GET', '/docs/json')
  expect(body.openapi).toBe('3.1.0')
  expect(Object.keys(body.paths).sort()).toEqual([
    '/healthz',
    '/metrics',
    '/readyz',
    '/v1/active',
    '/v1/budget',
    '/v1/ingests',
    '/v1/ingests/{id}',
    '/v1/ingests/{id}/cancel',
    '/v1/ingests/{id}/events',
    '/v1/ingests/{id}/pause',
    '/v1/ingests/{id}/rejects',
    '/v1/ingests/{id}/resume',
    '/v1/ingests/{id}/retries',
    '/v1/ingests/{id}/retries/{retry}',
    '/v1/ingests/{id}/retry-rejects',
    '/v1/ingests/{id}/steps',
    '/v1/ingests/{id}/undo',
    '/v1/ingests/{id}/units',
    '/v1/queues',
    '/v1/queues/{queue}',
    '/v1/queues/{queue}/rate-limit',
    '/v1/scheduled',
    '/v1/uploads/{name}',
    '/v1/where',
    '/v1/workers',
    '/v1/workers/{worker}',
    '/v1/workers/{worker}/commands',
  ])
  const spec = body.paths['/v1/ingests'].post.requestBody.content['application/json'].schema
  expect(Object.keys(spec.properties)).toContain('target')
  const errors = await (await fetch(`${api.url}/docs/errors`)).text()
  for (const code of Object.keys(errorTable)) expect(errors).toContain(`id="${code}"`)
})

test('is ready, and counts', async () => {
  expect((await api.ask('GET', '/readyz')).body).toEqual({ status: 'ok' })
  await send('POST', '/v1/ingests', json, '{}')
  const { body } = await api.ask('GET', '/metrics')
  expect(body).toMatch(/^sluice_ingests\{state="completed"\} 0$/m)
  expect(body).toMatch(
    /sluice_http_request_duration_seconds_count\{method="POST",route="\/v1\/ingests",status="400"\} [1-9]\d*$/m,
  )
  expect(body).toMatch(/^process_cpu_seconds_total/m)
})
