/** `POST /v1/ingests?wait=…`: who goes gives up its place among those that wait. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { buildApi } from './server.ts'

const api = await buildApi()
const port = Number(new URL(api.url).port)
const places = 256
const shortMs = 5000

await api.put('waited.csv', 'a\n1\n')
/** Nobody serves its queue: it does not end by itself. */
const spec = {
  id: `${api.queue}-waited`,
  queue: `${api.queue}-nobody`,
  source: { kind: 'upload', uploads: ['waited.csv'] },
  target: { table: 'public.waited' },
}

const post = () => {
  const body = JSON.stringify(spec)
  const headers = `host: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}`
  return `POST /v1/ingests?wait=60s HTTP/1.1\r\n${headers}\r\n\r\n${body}`
}

async function send(text: string): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  await once(socket, 'connect')
  await new Promise((resolve) => socket.write(text, resolve))
  return socket
}

/** One that finds a place waits for its whole time; one that does not is answered at once. */
async function isFull(): Promise<boolean> {
  const startMs = performance.now()
  const { status } = await api.ask('POST', `/v1/ingests?wait=${shortMs / 1000}s`, spec)
  expect(status).toBe(200)
  return performance.now() - startMs < shortMs
}

test('clients that go before they wait', async () => {
  expect((await api.ask('POST', '/v1/ingests', spec)).status).toBe(202)
  for (let sent = 0; sent < places; sent++) (await send(post())).destroy()
  // These come after them.
  for (let turn = 0; turn < 3; turn++) await api.ask('POST', '/v1/ingests', spec)
  expect(await isFull()).toBe(false)
  await api.ask('POST', `/v1/ingests/${spec.id}/cancel`)
})
