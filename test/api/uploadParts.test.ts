/** Uploads that come in parts: nothing is lost, nothing twice, and a checksum is held. */
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdir, readFile, stat } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { localStage } from '../../src/stage/local.ts'
import { until } from '../harness.ts'
import { buildApi, listen } from './server.ts'

const api = await buildApi()
const folder = join(api.folder, '.stage', 'uploads')

type Sent = [status: number, offset: string | null, complete: string | null]

async function send(
  method: 'PUT' | 'PATCH' | 'HEAD',
  name: string,
  { headers = {}, bytes, url = api.url }: { headers?: object; bytes?: Buffer; url?: string } = {},
): Promise<{ sent: Sent; code?: string; sha256?: string | null }> {
  const answer = await fetch(`${url}/v1/uploads/${name}`, {
    method,
    headers: { ...headers } as Record<string, string>,
    ...(bytes && { body: bytes as never }),
  })
  const told = await answer.text()
  const sent: Sent = [
    answer.status,
    answer.headers.get('upload-offset'),
    answer.headers.get('upload-complete'),
  ]
  return { sent, ...(told && JSON.parse(told)) }
}

const head = async (name: string) => (await send('HEAD', name)).sent
const at = (offset: number, isLast = false) => ({
  'upload-offset': String(offset),
  'upload-complete': isLast ? '?1' : '?0',
})
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
const digest = (bytes: Buffer) => `sha-256=:${createHash('sha256').update(bytes).digest('base64')}:`

test('parts make one upload, which is none before the last one is in', async () => {
  const bytes = randomBytes(300_000)
  const [one, two, three] = [
    bytes.subarray(0, 100_000),
    bytes.subarray(100_000, 250_000),
    bytes.subarray(250_000),
  ]
  expect(await head('parts.csv')).toEqual([404, null, null])
  const first = await send('PUT', 'parts.csv', { headers: { 'upload-complete': '?0' }, bytes: one })
  expect([first.sent, first.sha256]).toEqual([[201, '100000', '?0'], null])
  expect(await head('parts.csv')).toEqual([204, '100000', '?0'])
  expect(await readdir(folder)).not.toContain('parts.csv')
  const source = { kind: 'upload', uploads: ['parts.csv'] }
  const early = await api.ask('POST', '/v1/ingests', { source, target: { table: 'parts' } })
  expect([early.status, early.body.code]).toEqual([404, 'upload_not_found'])
  const second = await send('PATCH', 'parts.csv', { headers: at(100_000), bytes: two })
  expect(second.sent).toEqual([200, '250000', '?0'])
  const last = await send('PATCH', 'parts.csv', {
    headers: { ...at(250_000, true), 'repr-digest': digest(bytes) },
    bytes: three,
  })
  expect([last.sent, last.sha256]).toEqual([[200, '300000', '?1'], sha256(bytes)])
  expect(await head('parts.csv')).toEqual([204, '300000', '?1'])
  expect((await readFile(join(folder, 'parts.csv'))).equals(bytes)).toBe(true)
  expect((await readdir(folder)).filter((name) => name.endsWith('.part'))).toEqual([])
})

test('a part that begins elsewhere is refused, and one of an upload that there is not', async () => {
  const bytes = Buffer.from('0123456789')
  await send('PUT', 'gap.csv', { headers: { 'upload-complete': '?0' }, bytes })
  for (const offset of [0.5, 9, 11, 10 ** 14]) {
    const { sent, code } = await send('PATCH', 'gap.csv', { headers: at(offset), bytes })
    const wanted = offset === 0.5 ? [400, 'request_invalid'] : [409, 'upload_offset_differs']
    expect([offset, sent[0], code]).toEqual([offset, ...wanted])
  }
  expect(await head('gap.csv')).toEqual([204, '10', '?0'])
  const { sent, code } = await send('PATCH', 'none.csv', { headers: at(3), bytes })
  expect([sent[0], code]).toEqual([404, 'upload_not_found'])
  expect((await api.ask('DELETE', '/v1/uploads/gap.csv')).status).toBe(204)
  expect(await head('gap.csv')).toEqual([404, null, null])
})

test('what arrived of a part that is cut short stays, and the rest goes on from there', async () => {
  const bytes = randomBytes(3_000_000)
  const { hostname, port } = new URL(api.url)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => {}).resume()
  socket.write(
    `PUT /v1/uploads/cut.csv HTTP/1.1\r\nhost: ${hostname}\r\nupload-complete: ?1\r\n` +
      `content-length: ${bytes.length}\r\n\r\n`,
  )
  socket.write(bytes.subarray(0, 1_000_000))
  const part = join(folder, '.cut.csv.part')
  await until(async () => (await stat(part).catch(() => null))?.size === 1_000_000, {
    what: 'the first bytes',
  })
  socket.destroy()
  await once(socket, 'close')
  const [status, offset, complete] = await head('cut.csv')
  expect([status, offset, complete]).toEqual([204, '1000000', '?0'])
  const rest = bytes.subarray(Number(offset))
  const { sent, sha256: found } = await send('PATCH', 'cut.csv', {
    headers: at(Number(offset), true),
    bytes: rest,
  })
  expect([sent, found]).toEqual([[200, '3000000', '?1'], sha256(bytes)])
})

test('a client that has come back ends its earlier request, of which it may know nothing', async () => {
  const bytes = randomBytes(2_000_000)
  const { hostname, port } = new URL(api.url)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => {}).resume()
  socket.write(
    `PUT /v1/uploads/stuck.csv HTTP/1.1\r\nhost: ${hostname}\r\nupload-complete: ?1\r\n` +
      `content-length: ${bytes.length}\r\n\r\n`,
  )
  socket.write(bytes.subarray(0, 500_000))
  const part = join(folder, '.stuck.csv.part')
  await until(async () => (await stat(part).catch(() => null))?.size === 500_000, {
    what: 'the first bytes',
  })
  // The connection still stands: more of it comes while the client asks.
  const asked = head('stuck.csv')
  socket.write(bytes.subarray(500_000, 600_000))
  const offset = Number((await asked)[1])
  expect(offset).toBeGreaterThanOrEqual(500_000)
  const { sent, sha256: found } = await send('PATCH', 'stuck.csv', {
    headers: at(offset, true),
    bytes: bytes.subarray(offset),
  })
  expect([sent, found]).toEqual([[200, '2000000', '?1'], sha256(bytes)])
  socket.destroy()
})

test('a connection that says no more does not keep its client from going on', async () => {
  const bytes = randomBytes(1_000_000)
  const { hostname, port } = new URL(api.url)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => {}).resume()
  socket.write(
    `PUT /v1/uploads/dead.csv HTTP/1.1\r\nhost: ${hostname}\r\nupload-complete: ?1\r\n` +
      `content-length: ${bytes.length}\r\n\r\n`,
  )
  socket.write(bytes.subarray(0, 400_000))
  const part = join(folder, '.dead.csv.part')
  await until(async () => (await stat(part).catch(() => null))?.size === 400_000, {
    what: 'the first bytes',
  })
  expect(await head('dead.csv')).toEqual([204, '400000', '?0'])
  const { sent } = await send('PATCH', 'dead.csv', {
    headers: at(400_000, true),
    bytes: bytes.subarray(400_000),
  })
  expect(sent).toEqual([200, '1000000', '?1'])
  socket.destroy()
})

test.each([
  ['in one request', {}],
  ['in parts', { 'upload-complete': '?1' }],
])('bytes that are not what the checksum says are not kept: %s', async (_, headers) => {
  const bytes = Buffer.from('id\n1\n')
  const digests = { 'repr-digest': `md5=:AA==:, ${digest(Buffer.from('id\n2\n'))}` }
  const { sent, code } = await send('PUT', 'sum.csv', {
    headers: { ...headers, ...digests },
    bytes,
  })
  expect([sent[0], code]).toEqual([422, 'upload_checksum_differs'])
  expect(await head('sum.csv')).toEqual([404, null, null])
  const short = { ...headers, 'repr-digest': 'sha-256=:AA==:' }
  expect((await send('PUT', 'sum.csv', { headers: short, bytes })).code).toBe('request_invalid')
  const right = { ...headers, 'repr-digest': digest(bytes) }
  expect((await send('PUT', 'sum.csv', { headers: right, bytes })).sha256).toBe(sha256(bytes))
  expect((await api.ask('DELETE', '/v1/uploads/sum.csv')).status).toBe(204)
})

test('an upload that is larger than one may be, and one for which there is no room', async () => {
  const limits = { eachMax: 1000, allMax: 2500 }
  const stage = localStage(join(api.folder, 'limited'), { uploads: limits })
  const url = await listen({ ...api, stage })
  const put = (name: string, size: number, headers: object = {}) =>
    send('PUT', name, { bytes: Buffer.alloc(size), headers, url })
  expect((await put('a', 1001)).code).toBe('upload_too_large')
  expect((await put('a', 1000)).sent[0]).toBe(201)
  expect((await put('b', 900, { 'upload-complete': '?0' })).sent[0]).toBe(201)
  const more = await send('PATCH', 'b', { headers: at(900), bytes: Buffer.alloc(101), url })
  expect(more.code).toBe('upload_too_large')
  const { sent, code } = await put('c', 800)
  expect([sent[0], code]).toEqual([507, 'uploads_full'])
  expect((await put('c', 100)).sent[0]).toBe(201)
})
