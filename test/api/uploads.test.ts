/** Uploads: whole or not at all, and names that try to get out. */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { until } from '../harness.ts'
import { buildApi } from './server.ts'

const api = await buildApi()
const folder = join(api.folder, '.stage', 'uploads')

test('keeps the bytes as they are, whatever they are', async () => {
  const bytes = Buffer.concat([Buffer.from([0, 255, 13, 10]), Buffer.alloc(3 << 20, 'ab')])
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  for (const type of [undefined, 'text/csv', 'application/json', 'multipart/form-data']) {
    const answer = await fetch(`${api.url}/v1/uploads/Trips (1).csv`, {
      method: 'PUT',
      body: bytes,
      ...(type && { headers: { 'content-type': type } }),
    })
    expect(answer.status).toBe(201)
    const told = { name: 'Trips (1).csv', sizeBytes: bytes.length, sha256 }
    expect(await answer.json()).toEqual(told)
  }
  expect((await readFile(join(folder, 'Trips (1).csv'))).equals(bytes)).toBe(true)
})

test('takes an empty file', async () => {
  const { status, body } = await api.put('empty.csv', '')
  expect([status, body.sizeBytes]).toEqual([201, 0])
})

test('refuses names that are none', async () => {
  const long = 'a'.repeat(201)
  const veryLong = 'a'.repeat(8000)
  const names = ['..%2fout', '.hidden', 'a%00b', 'a%2fb', 'a%5Cb', '%20a', long, veryLong]
  for (const name of names) {
    const { status, body, headers } = await api.put(name, 'x')
    expect([name, status, body.code]).toEqual([name, 400, 'upload_name_invalid'])
    expect(headers.get('content-type')).toMatch('application/problem+json')
    expect((await api.ask('DELETE', `/v1/uploads/${name}`)).status).toBe(400)
  }
  expect((await api.put('%zz', 'x')).status).toBe(400)
  expect((await readdir(folder)).filter((name) => name.startsWith('a'))).toEqual([])
})

test('removes an upload', async () => {
  await api.put('gone.csv', 'x')
  expect((await api.ask('DELETE', '/v1/uploads/gone.csv')).status).toBe(204)
  const { status, body } = await api.ask('DELETE', '/v1/uploads/gone.csv')
  expect([status, body.code]).toEqual([404, 'upload_not_found'])
})

test('keeps nothing of an upload that is cut short', async () => {
  const { hostname, port } = new URL(api.url)
  const start = `PUT /v1/uploads/short.csv HTTP/1.1\r\nhost: ${hostname}\r\n`
  const sized = `${start}content-length: 1000\r\n\r\nid,name\r\n`
  const chunked = `${start}transfer-encoding: chunked\r\n\r\n4\r\nid,n\r\n`
  for (const [text, ends] of [
    [sized, 'destroy'],
    [sized, 'end'],
    [chunked, 'destroy'],
    [`${chunked}nonsense\r\n`, 'end'],
  ] as const) {
    const socket = connect(Number(port), hostname)
    socket.write(text)
    const arrived = async () => (await readdir(folder)).some((name) => name.endsWith('.tmp'))
    if (!text.includes('nonsense')) await until(arrived, { what: 'the first bytes' })
    socket.on('error', () => {}).resume()
    const closed = once(socket, 'close')
    socket[ends]()
    await closed
    await until(async () => !(await arrived()), { what: 'the clean-up' })
    expect(await readdir(folder)).not.toContain('short.csv')
  }
  expect((await api.put('short.csv', 'whole')).status).toBe(201)
})
