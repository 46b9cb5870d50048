/** A server of HTTP that has one file, and gives each connection its bytes at a pace. */
import { createReadStream } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

interface Paced {
  sizeBytes: number
  bytesPerSecond: number
}

export async function servePaced(path: string, { sizeBytes, bytesPerSecond }: Paced) {
  const server = createServer(async (request, response) => {
    const range = answerHead(request, response, sizeBytes)
    const bytes = createReadStream(path, { ...range, highWaterMark: 1 << 18 })
    await sendPaced(bytes as AsyncIterable<Buffer>, response, bytesPerSecond)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}/rows.csv`, close: () => server.close() }
}

/** @returns the first and the last byte that are asked for */
function answerHead({ headers }: IncomingMessage, response: ServerResponse, sizeBytes: number) {
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '') ?? []
  const start = Number(from ?? 0)
  const end = to ? Math.min(Number(to), sizeBytes - 1) : sizeBytes - 1
  const isPart = from !== undefined
  response.writeHead(isPart ? 206 : 200, {
    'content-type': 'text/csv',
    'content-length': end - start + 1,
    'accept-ranges': 'bytes',
    etag: '"bench"',
    ...(isPart && { 'content-range': `bytes ${start}-${end}/${sizeBytes}` }),
  })
  return { start, end }
}

async function sendPaced(
  bytes: AsyncIterable<Buffer>,
  response: ServerResponse,
  bytesPerSecond: number,
): Promise<void> {
  const sinceMs = performance.now()
  let sent = 0
  for await (const chunk of bytes) {
    if (response.destroyed) return
    sent += chunk.length
    const dueMs = sinceMs + (sent / bytesPerSecond) * 1000
    if (dueMs > performance.now() + 1) await sleep(dueMs - performance.now())
    if (response.write(chunk)) continue
    await drained(response)
  }
  response.end()
}

const drained = (response: ServerResponse): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      response.off('drain', done).off('close', done)
      resolve()
    }
    response.on('drain', done).on('close', done)
  })
