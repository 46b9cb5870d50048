/** `POST /v1/ingests?wait=…`: a client that goes gives up its place among those that wait. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { Readable } from 'node:stream'
import { afterAll, expect, test } from 'vitest'
import { createLog } from '../../src/log.ts'
import { openDb } from '../../src/postgres/db.ts'
import { Listener } from '../../src/postgres/listener.ts'
import { channels } from '../../src/postgres/notify.ts'
import { build, until } from '../harness.ts'
import { askAt, listen } from './server.ts'

const harness = await build()
const own = openDb(harness.databaseUrl, { max: 1, name: 'test waiting' })
const listener = new Listener(own, [channels.ingests], createLog('error', 'json'))
const url = await listen(harness, { listener })
const ask = askAt(url)
afterAll(() => listener.close())
const places = 256

await harness.stage.uploads.put('waited.csv', Readable.from([Buffer.from('a\n1\n')]))
/** No worker serves its queue: it does not end by itself. */
const spec = {
  id: `${harness.queue}-waited`,
  queue: `${harness.queue}-nobody`,
  source: { kind: 'upload', uploads: ['waited.csv'] },
  target: { table: 'public.waited' },
}

const post = () => {
  const body = JSON.stringify(spec)
  const headers = `host: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}`
  return `POST /v1/ingests?wait=60s HTTP/1.1\r\n${headers}\r\n\r\n${body}`
}

async function send(text: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  socket.on('error', () => {})
  await once(socket, 'connect')
  await new Promise((resolve) => socket.write(text, resolve))
  return socket
}

/** Each that has a place hears of the ingest; those that have none were answered at once. */
const untilWaiting = (count: number) =>
  until(() => listener.hearers === count, { what: `${count} clients that wait` })

/** One that finds no place is answered at once. */
async function isFull(): Promise<boolean> {
  const before = listener.hearers
  const socket = await send(post())
  let isAnswered = false
  socket.once('data', () => {
    isAnswered = true
  })
  await until(() => isAnswered || listener.hearers > before, { what: 'an answer, or a place' })
  socket.destroy()
  await untilWaiting(before)
  return isAnswered
}

test('clients that go while they wait, each on a connection or all on one', async () => {
  await until(() => listener.isListening, { what: 'the session that listens' })
  expect((await ask('POST', '/v1/ingests', spec)).status).toBe(202)
  for (const one of [false, true]) {
    const sockets = one
      ? [await send(post().repeat(places))]
      : await Promise.all(Array.from({ length: places }, () => send(post())))
    await untilWaiting(places)
    expect(await isFull()).toBe(true)
    for (const socket of sockets) socket.destroy()
    await untilWaiting(0)
    expect(await isFull()).toBe(false)
  }
})

test('clients that go before they wait', async () => {
  for (let sent = 0; sent < places; sent++) (await send(post())).destroy()
  // These come after them.
  for (let turn = 0; turn < 3; turn++) await ask('POST', '/v1/ingests', spec)
  await untilWaiting(0)
  expect(await isFull()).toBe(false)
  await ask('POST', `/v1/ingests/${spec.id}/cancel`)
})
