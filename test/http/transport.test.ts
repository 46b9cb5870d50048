/** What a request does with redirects, and what it never tells. */
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, expect, test } from 'vitest'
import { createTransport } from '../../src/http/transport.ts'
import { loopback } from '../sourceDeps.ts'

const { signal } = new AbortController()

/** A server that redirects as its query says, and the headers that it was asked with. */
async function start() {
  const asked: { url: string; headers: IncomingHttpHeaders }[] = []
  const server = createServer(({ url = '', headers }, response) => {
    asked.push({ url, headers })
    const to = new URL(url, 'http://x').searchParams.get('to')
    if (to === null) response.end('here')
    else response.writeHead(307, { location: to }).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  afterAll(() => server.close())
  return { asked, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

const [one, other] = await Promise.all([start(), start()])
const transport = createTransport({ allowPrivate: loopback })
afterAll(() => transport.close())

const secrets = { authorization: 'Bearer hush', 'x-api-key': 'hush' }
const send = (url: string, redirectsMax?: number) =>
  transport.send({
    url: new URL(url),
    secrets,
    headers: { range: 'bytes=0-3' },
    signal,
    ...(redirectsMax !== undefined && { redirectsMax }),
  })
const to = (url: string) => `?to=${encodeURIComponent(url)}`

test('secrets go to the server that was named, and to no other one', async () => {
  const there = await send(`${one.url}/a${to(`${other.url}/b${to(`${one.url}/c`)}`)}`)
  expect(there.status).toBe(200)
  await there.drop()
  const [first, third] = one.asked
  expect(first?.headers).toMatchObject(secrets)
  expect(other.asked[0]?.headers).not.toHaveProperty('authorization')
  expect(other.asked[0]?.headers).not.toHaveProperty('x-api-key')
  expect(other.asked[0]?.headers).toMatchObject({
    range: 'bytes=0-3',
    'accept-encoding': 'identity',
  })
  expect(third?.url).toBe('/c')
})

test('five redirects are followed, and no sixth one', async () => {
  const after = (count: number): string =>
    count === 0 ? `${one.url}/end` : `${one.url}/${to(after(count - 1))}`
  const answer = await send(after(5))
  expect(answer.status).toBe(200)
  await answer.drop()
  const error = await send(after(6)).catch((thrown) => thrown)
  expect(error).toMatchObject({
    code: 'source_refused',
    message: expect.stringContaining('more than 5 times'),
  })
})

test('a redirect is an answer to those who follow none', async () => {
  const answer = await send(`${one.url}/${to(`${one.url}/end`)}`, 0)
  expect(answer.status).toBe(307)
  await answer.drop()
})

test.each([
  ['ftp://127.0.0.1/x', 'url_invalid'],
  ['http://user:hush@127.0.0.1/x', 'url_invalid'],
  ['http://', 'source_refused'],
])('a redirect to %s is refused', async (location, code) => {
  const error = await send(`${one.url}/${to(location)}`).catch((thrown) => thrown)
  expect(error).toMatchObject({ code })
  expect(error.message).not.toContain('hush')
})

test('what fails is told without the query', async () => {
  const error = await send('http://127.0.0.1:1/x.csv?sig=hush').catch((thrown) => thrown)
  expect(error).toMatchObject({
    code: 'source_unavailable',
    message: expect.stringContaining('http://127.0.0.1:1/x.csv'),
  })
  expect(JSON.stringify([error, error.message, error.hint, error.stack])).not.toContain('hush')
})

test('an abort ends a request at once', async () => {
  const aborting = new AbortController()
  const silent = createServer(() => {})
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  const { port } = silent.address() as AddressInfo
  const asking = transport.send({
    url: new URL(`http://127.0.0.1:${port}/`),
    signal: aborting.signal,
  })
  silent.once('request', () => aborting.abort())
  await expect(asking).rejects.toMatchObject({ name: 'AbortError' })
  silent.closeAllConnections()
  silent.close()
})
