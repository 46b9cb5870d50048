/** The app around the routes: problems, guards, documentation, health, metrics. */
import { request } from 'node:http'
import { expect, test } from 'vitest'
import { errorTable } from '../../src/errors.ts'
import { buildApi } from './server.ts'

const api = await buildApi()

/** fetch does not let a test choose these headers. */
function send(method: string, path: string, headers: Record<string, string>, body = '') {
  return new Promise<{ status: number; text: string }>((resolve, reject) => {
    const asked = request(api.url + path, { method, headers }, async (answer) => {
      let text = ''
      for await (const chunk of answer) text += chunk
      resolve({ status: answer.statusCode ?? 0, text })
    })
    asked.on('error', reject).end(body)
  })
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
    ['application/json', '{"__proto__": {"a": 1}}', 400, 'request_invalid'],
    ['application/json', `{"a":"${'x'.repeat(4 * 1024 * 1024)}"}`, 413, 'body_too_large'],
    ['text/plain', '{}', 415, 'media_type_unknown'],
    ['application/x-www-form-urlencoded', 'a=1', 415, 'media_type_unknown'],
  ] as const) {
    const answer = await send('POST', '/v1/ingests', { 'content-type': type }, text)
    expect([answer.status, JSON.parse(answer.text).code]).toEqual([wanted, code])
  }
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
    '/v1/ingests/{id}/units',
    '/v1/queues',
    '/v1/queues/{queue}',
    '/v1/queues/{queue}/rate-limit',
    '/v1/scheduled',
    '/v1/uploads/{name}',
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
    /sluice_http_request_duration_seconds_count\{method="POST",route="\/v1\/ingests",status="400"\} 3$/m,
  )
  expect(body).toMatch(/^process_cpu_seconds_total/m)
})
