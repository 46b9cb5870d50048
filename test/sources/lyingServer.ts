/** A server of files that lies as it is told to. */
import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { gzipSync } from 'node:zlib'

/** What is wrong with an answer. */
export interface Lies {
  /** The status, with no file. */
  status?: number
  headers?: Record<string, string>
  /** Of an answer that has a status. */
  body?: string
  /** Sends so many bytes of the answer, and cuts the connection. */
  cutAfter?: number
  /** Sends so many bytes of the answer, and nothing more. */
  stallAfter?: number
  /** Says nothing at all. */
  silent?: true
  /** Sends all, and that many more. */
  more?: number
  /** Answers a range with all. */
  ignoresRanges?: true
  /** Answers whatever the conditions are. */
  ignoresConditions?: true
  /** Gives the next range instead. */
  otherRange?: true
  /** Has neither ETag nor Last-Modified. */
  noValidators?: true
  /** A weak ETag in place of a strong one. */
  weak?: true
  /** Says no length, and sends chunks. */
  chunked?: true
  /** Says no length, and ends with the connection. */
  endless?: true
  encoding?: 'gzip' | 'br'
  /** What it answers once the connection is made. */
  redirect?: string
}

/** How a request is answered: by its number for this file, counted from 0. */
export type Script = (request: IncomingMessage, count: number) => Lies | undefined

export interface Stored {
  bytes: Buffer
  version: number
  script: Script
  asked: IncomingMessage[]
}

export interface LyingServer {
  url: string
  urlOf(name: string): string
  put(name: string, bytes: Buffer | string, script?: Script): void
  remove(name: string): void
  bytesOf(name: string): Buffer
  /** The requests for a file, in order. */
  asked(name: string): IncomingMessage[]
  close(): Promise<void>
}

export async function startLyingServer(): Promise<LyingServer> {
  const files = new Map<string, Stored>()
  const sockets = new Set<Socket>()
  let versions = 0
  const server = createServer((request, response) => {
    const path = decodeURIComponent((request.url as string).replace(/\?.*$/s, '').slice(1))
    const file = files.get(path)
    if (!file) return void response.writeHead(404).end('there is none')
    file.asked.push(request)
    answer(file, request, response)
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket)).on('error', () => {})
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const get = (name: string) => files.get(name) as Stored
  return {
    url,
    urlOf: (name) => `${url}/${name.split('/').map(encodeURIComponent).join('/')}`,
    put(name, bytes, script) {
      const before = files.get(name)
      files.set(name, {
        bytes: Buffer.from(bytes),
        version: ++versions,
        script: script ?? before?.script ?? (() => undefined),
        asked: before?.asked ?? [],
      })
    },
    remove: (name) => void files.delete(name),
    bytesOf: (name) => get(name).bytes,
    asked: (name) => files.get(name)?.asked ?? [],
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Answers for one file, as its script says. */
export function answer(file: Stored, request: IncomingMessage, response: ServerResponse): void {
  const lies = file.script(request, file.asked.length - 1) ?? {}
  if (lies.silent) return
  const state = stateOf(file, lies)
  const headers: Record<string, string> = {
    ...(!lies.noValidators && { etag: state.etag, 'last-modified': state.modified }),
    ...(!lies.ignoresRanges && { 'accept-ranges': 'bytes' }),
    ...(lies.encoding && { 'content-encoding': lies.encoding }),
    ...lies.headers,
  }
  const status = statusOf(request, lies, state)
  if (status === null) {
    give(file, { request, response, headers, lies })
    return
  }
  response.writeHead(status, { ...headers, ...(lies.redirect && { location: lies.redirect }) })
  response.end(lies.body ?? 'no')
}

export const etagOf = ({ version }: Pick<Stored, 'version'>): string =>
  `"${createHash('md5').update(`${version}`).digest('hex')}"`

function stateOf(file: Stored, { weak }: Lies) {
  const { version } = file
  const etag = `${weak ? 'W/' : ''}${etagOf(file)}`
  return { etag, modified: new Date(1.7e12 + version * 1000).toUTCString() }
}

/** null: the file is given. */
function statusOf(
  request: IncomingMessage,
  { redirect, status, ignoresConditions }: Lies,
  state: ReturnType<typeof stateOf>,
): number | null {
  if (redirect !== undefined) return 302
  if (status !== undefined) return status
  return !ignoresConditions && isOther(request, state) ? 412 : null
}

interface Giving {
  request: IncomingMessage
  response: ServerResponse
  headers: Record<string, string>
  lies: Lies
}

function give({ bytes: plain }: Stored, { request, response, headers, lies }: Giving): void {
  const all = lies.encoding === 'gzip' ? gzipSync(plain) : plain
  const range = lies.ignoresRanges ? null : rangeOf(request, all.length, lies.otherRange)
  if (range === 'none') {
    response.writeHead(416, { ...headers, 'content-range': `bytes */${all.length}` }).end()
    return
  }
  const { start, end } = range ?? { start: 0, end: all.length }
  const bytes = all.subarray(start, end)
  if (range) headers['content-range'] = `bytes ${start}-${end - 1}/${all.length}`
  if (!lies.chunked && !lies.endless) headers['content-length'] ??= String(bytes.length)
  if (lies.endless) response.useChunkedEncodingByDefault = false
  response.writeHead(range ? 206 : 200, headers)
  send(response, bytes, lies)
}

function send(response: ServerResponse, bytes: Buffer, lies: Lies): void {
  const { cutAfter, stallAfter, more = 0 } = lies
  const sent = cutAfter ?? stallAfter
  if (sent !== undefined) {
    response.write(bytes.subarray(0, sent), () => {
      if (cutAfter !== undefined) setTimeout(() => response.destroy(), 20)
    })
    return
  }
  response.end(Buffer.concat([bytes, Buffer.alloc(more, 'x')]))
}

function isOther(request: IncomingMessage, now: { etag: string; modified: string }): boolean {
  const { 'if-match': etag, 'if-unmodified-since': modified } = request.headers
  if (etag !== undefined) return etag !== now.etag
  return modified !== undefined && Date.parse(modified) < Date.parse(now.modified)
}

function rangeOf(request: IncomingMessage, size: number, other: true | undefined) {
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? []
  if (first === undefined) return null
  const start = Number(first) + (other ? 1 : 0)
  if (start >= size) return 'none' as const
  return { start, end: Math.min(size, Number(last) + 1) }
}
