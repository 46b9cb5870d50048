/** A large file over HTTP, by several requests at once: the right bytes in order, or an error. */
import { randomBytes } from 'node:crypto'
import { afterAll, expect, test } from 'vitest'
import { createTransport } from '../../src/http/transport.ts'
import type { OpenFile } from '../../src/io/openFile.ts'
import { http } from '../../src/sources/http.ts'
import type { Found } from '../../src/sources/source.ts'
import { loopback, sourceDeps } from '../sourceDeps.ts'
import { type Script, startLyingServer } from './lyingServer.ts'

const server = await startLyingServer()
const timeouts = { connectMs: 1000, headMs: 700, silenceMs: 700 }
const transport = createTransport({ allowPrivate: loopback, timeouts })
afterAll(() => transport.close())
afterAll(() => server.close())

const mebi = 1024 * 1024
const content = randomBytes(50 * mebi + 7)

async function opened(name: string, script?: Script, signal = new AbortController().signal) {
  server.put(name, content, script)
  const source = http.open({ kind: 'http', url: server.urlOf(name) }, sourceDeps({ transport }))
  const found: Found[] = []
  for await (const file of source.list(signal)) found.push(file)
  return source.open(found[0] as Found, signal)
}

async function bytesOf(file: OpenFile, range?: { start: number; end: number }): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of file.read(range)) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
}

const rangesOf = (name: string) =>
  server
    .asked(name)
    .map(({ headers }) => headers.range)
    .filter((range) => range !== undefined && !/=0-[03]$/.test(range))

test('all of it, and a range of it, in parts of 4 MiB', async () => {
  const file = await opened('plain.bin')
  expect((await bytesOf(file)).equals(content)).toBe(true)
  expect(rangesOf('plain.bin')).toHaveLength(13)
  const range = { start: 3 * mebi + 1, end: 41 * mebi - 3 }
  expect((await bytesOf(file, range)).equals(content.subarray(range.start, range.end))).toBe(true)
})

test('requests that are cut, refused for a while or stall are taken up where they ended', async () => {
  const file = await opened('cut.bin', ({ headers }, count) => {
    if (!headers.range || /=0-[03]$/.test(headers.range)) return undefined
    if (count % 5 === 2) return { cutAfter: 2 * mebi }
    return count % 7 === 3 ? { status: 503 } : undefined
  })
  expect((await bytesOf(file)).equals(content)).toBe(true)
})

test('a file that changes while it is read is an error, in whatever part', async () => {
  let isChanged = false
  const file = await opened('changed.bin', ({ headers }) => {
    if (isChanged || !headers.range?.startsWith(`bytes=${24 * mebi}-`)) return undefined
    isChanged = true
    server.put('changed.bin', Buffer.concat([content, Buffer.from('x')]))
    return undefined
  })
  await expect(bytesOf(file)).rejects.toMatchObject({ code: 'file_changed' })
})

test('whoever reads no further, or aborts, leaves no request behind', async () => {
  const file = await opened('early.bin', ({ headers }) =>
    headers.range?.startsWith(`bytes=${8 * mebi}-`) ? { silent: true } : undefined,
  )
  for await (const chunk of file.read()) {
    expect(chunk.equals(content.subarray(0, chunk.length))).toBe(true)
    break
  }
  const abort = new AbortController()
  const other = await opened('abort.bin', () => ({ stallAfter: mebi }), abort.signal).catch(
    () => null,
  )
  const reading = other ? bytesOf(other) : Promise.reject(new Error('enough'))
  abort.abort(new Error('enough'))
  await expect(reading).rejects.toThrow('enough')
  // Four parts were begun, and one more when the first had come.
  const begun = rangesOf('early.bin').map(
    (range) => Number(/\d+/.exec(range as string)?.[0]) / mebi,
  )
  expect(Math.max(...begun)).toBeLessThanOrEqual(16)
})
