/** Connections that only take up room are ended; those that bring something, however slowly, not. */
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { build, until } from '../harness.ts'
import { listen, listening } from './server.ts'

const built = await build()
const patience = { headMs: 1500, bodyMs: 1500, uploadMs: 1500 }
const url = await listen(built, { patience })
const port = Number(new URL(url).port)

interface Line {
  socket: Socket
  said: () => string
  closed: Promise<number>
}

async function open(to = port): Promise<Line> {
  const socket = connect(to, '127.0.0.1')
  socket.on('error', () => {})
  let said = ''
  socket.on('data', (bytes) => (said += bytes))
  const startMs = Date.now()
  const closed = new Promise<number>((resolve) =>
    socket.once('close', () => resolve(Date.now() - startMs)),
  )
  await new Promise((resolve) => socket.once('connect', resolve))
  return { socket, said: () => said, closed }
}

const within = (line: Line, ms: number) =>
  Promise.race([line.closed, sleep(ms).then(() => Number.POSITIVE_INFINITY)])

async function drip({ socket }: Line, bytes: string, everyMs: number): Promise<void> {
  for (const byte of bytes) {
    if (socket.destroyed) return
    socket.write(byte)
    await sleep(everyMs)
  }
}

const head = (method: string, path: string, length: number) =>
  `${method} ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n` +
  `content-length: ${length}\r\n\r\n`

test.concurrent('a connection that sends nothing', async () => {
  expect(await within(await open(), 6000)).toBeLessThan(6000)
})

test.concurrent('a head that comes byte by byte', async () => {
  const line = await open()
  void drip(line, `GET /healthz HTTP/1.1\r\nx: ${'a'.repeat(100)}`, 200)
  expect(await within(line, 6000)).toBeLessThan(6000)
})

test.concurrent('a second head on the same connection', async () => {
  const line = await open()
  line.socket.write('GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n')
  await until(() => line.said().includes('200 OK'), { what: 'the answer' })
  void drip(line, `GET /metrics HTTP/1.1\r\nx: ${'a'.repeat(100)}`, 200)
  expect(await within(line, 8000)).toBeLessThan(8000)
})

test.concurrent.each([
  ['POST', '/v1/ingests'],
  ['PUT', '/v1/budget'],
  ['PUT', '/v1/uploads/slow'],
])('a body of %s %s that comes byte by byte', async (method, path) => {
  const line = await open()
  line.socket.write(head(method, path, 1_000_000))
  void drip(line, 'x'.repeat(100), 200)
  expect(await within(line, 8000)).toBeLessThan(8000)
})

test.concurrent('an upload that stalls', async () => {
  const line = await open()
  line.socket.write(head('PUT', '/v1/uploads/stalled', 10_000_000))
  line.socket.write('x'.repeat(500_000))
  expect(await within(line, 8000)).toBeLessThan(8000)
})

test.concurrent('a slow upload that goes on is taken, however long it takes', async () => {
  const line = await open()
  const pieces = 25
  line.socket.write(head('PUT', '/v1/uploads/steady', pieces * 1024))
  for (let n = 0; n < pieces; n++) {
    line.socket.write('y'.repeat(1024))
    await sleep(200)
  }
  await until(() => line.said().includes('sizeBytes'), { what: 'the answer' })
  expect(line.said()).toContain('201 Created')
  expect(line.said()).toContain(`"sizeBytes":${pieces * 1024}`)
  line.socket.destroy()
})

test.concurrent('an open connection may be silent between requests', async () => {
  const line = await open()
  line.socket.write('GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n')
  expect(await within(line, 4000)).toBe(Number.POSITIVE_INFINITY)
  line.socket.destroy()
})

test.concurrent('a head that is too long, and what is no HTTP, are answered', async () => {
  const long = await open()
  long.socket.write(`GET /${'a'.repeat(20_000)} HTTP/1.1\r\nhost: localhost\r\n\r\n`)
  await until(() => long.said().includes('}'), { what: 'the answer' })
  expect(long.said()).toMatch(/^HTTP\/1\.1 431 Request Header Fields Too Large\r\n/)
  expect(long.said()).toContain('more than 16384 bytes')
  const other = await open()
  other.socket.write('HELO sluice\r\n\r\n')
  await until(() => other.said().includes('}'), { what: 'the answer' })
  expect(other.said()).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/)
})

test('they do not delay the end of the API', async () => {
  const app = await listening(built)
  const lines = await Promise.all(Array.from({ length: 6 }, () => open(app.port)))
  lines[1]?.socket.write('GET /healthz HTTP/1.1\r\nx: ')
  lines[2]?.socket.write(head('POST', '/v1/ingests', 1000))
  lines[3]?.socket.write(head('PUT', '/v1/uploads/ending', 1000))
  lines[4]?.socket.write('GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n')
  await until(() => lines[4]?.said().includes('200 OK') ?? false, { what: 'the answer' })
  const startMs = Date.now()
  await app.close()
  expect(Date.now() - startMs).toBeLessThan(4000)
})
