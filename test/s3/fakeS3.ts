/** A store that checks each signature, and lies as a test says. */
import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { answer, etagOf, type Script, type Stored } from '../sources/lyingServer.ts'
import { type KeyList, type ListLies, listOf, pageOf } from './fakeList.ts'
import { type ErrorAnswer, type Expected, refusalOf } from './signature.ts'

export interface FakeOptions extends Expected {
  pageSize?: number
  /** Keeps versions. */
  isVersioned?: true
  /** Of what was written. */
  tellsNoETag?: true
  /** In place of the objects that were put there. */
  list?: KeyList
  /** How a list is answered, by the number of the request, counted from 0. */
  onList?: (count: number) => ListLies | undefined
  /** Answers any request before it is looked at. */
  before?: (request: IncomingMessage, count: number) => ErrorAnswer | 'silent' | null
}

export interface FakeS3 {
  endpoint: string
  put(key: string, bytes: Buffer | string, script?: Script): void
  remove(key: string): void
  bytesOf(key: string): Buffer
  keys(): string[]
  /** The requests for an object, in order. */
  asked(key: string): IncomingMessage[]
  lists: URLSearchParams[]
  close(): Promise<void>
}

interface Kept extends Stored {
  /** When a request wrote it; absent for what a test has put there. */
  writtenMs?: number
  earlier: Pick<Stored, 'bytes' | 'version'>[]
}

export async function startFakeS3(options: FakeOptions = {}): Promise<FakeS3> {
  const files = new Map<string, Kept>()
  const lists: URLSearchParams[] = []
  const sockets = new Set<Socket>()
  let versions = 0
  let requests = 0
  const server = createServer((request, response) => {
    const refused = options.before?.(request, requests++) ?? refusalOf(request, options)
    if (refused === 'silent') return
    if (refused) {
      refuse(response, refused)
      return
    }
    const [path = '', search] = (request.url as string).split(/\?(.*)/s)
    const [, bucket, key = ''] = /^\/([^/]*)(?:\/(.*))?$/s.exec(path) ?? []
    const query = new URLSearchParams(search)
    if (bucket !== 'bucket') refuse(response, { status: 404, code: 'NoSuchBucket' })
    else if (key === '') {
      lists.push(query)
      answerList(response, query, { options, files, count: lists.length - 1 })
    } else if (request.method === 'PUT') void take(decodeURIComponent(key), request, response)
    else if (request.method === 'DELETE') {
      files.delete(decodeURIComponent(key))
      response.writeHead(204).end()
    } else give(decodeURIComponent(key), query, { request, response, options, files })
  })
  const put = (key: string, content: Buffer | string, script?: Script) => {
    const before = files.get(key)
    files.set(key, {
      bytes: Buffer.from(content),
      version: ++versions,
      script: script ?? before?.script ?? (() => undefined),
      asked: before?.asked ?? [],
      earlier: before ? [...before.earlier, before] : [],
    })
  }
  const take = async (key: string, request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const bytes = Buffer.concat(chunks)
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    if (sha256 !== request.headers['x-amz-content-sha256']) {
      refuse(response, { status: 400, code: 'XAmzContentSHA256Mismatch' })
      return
    }
    put(key, bytes)
    const written = files.get(key) as Kept
    written.writtenMs = Date.now()
    const etag = options.tellsNoETag ? {} : { etag: etagOf(written) }
    response.writeHead(200, etag).end()
  }
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket)).on('error', () => {})
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    lists,
    put,
    keys: () => [...files.keys()],
    remove: (key) => void files.delete(key),
    bytesOf: (key) => (files.get(key) as Stored).bytes,
    asked: (key) => files.get(key)?.asked ?? [],
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

interface Giving {
  request: IncomingMessage
  response: ServerResponse
  options: FakeOptions
  files: ReadonlyMap<string, Kept>
}

function give(
  key: string,
  query: URLSearchParams,
  { request, response, options, files }: Giving,
): void {
  const file = files.get(key)
  if (!file) {
    refuse(response, { status: 404, code: 'NoSuchKey' })
    return
  }
  file.asked.push(request)
  const lies = file.script(request, file.asked.length - 1)
  // The script may have put another one just now.
  const newest = files.get(key) ?? file
  const id = query.get('versionId')
  const found = [newest, ...newest.earlier].find(
    ({ version }) => id === null || id === `v${version}`,
  )
  if (!found) {
    refuse(response, { status: 404, code: 'NoSuchVersion' })
    return
  }
  const own = options.isVersioned ? { 'x-amz-version-id': `v${found.version}` } : {}
  const script: Script = () => ({ ...lies, headers: { ...own, ...lies?.headers } })
  answer({ ...file, bytes: found.bytes, version: found.version, script }, request, response)
}

function refuse(
  response: ServerResponse,
  { status, code, message = 'no', headers = {} }: ErrorAnswer,
): void {
  const text = message.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  response.writeHead(status, { 'content-type': 'application/xml', ...headers })
  response.end(`<?xml version="1.0"?>\n${errorXml(code, text)}`)
}

export const errorXml = (code: string, text = 'no'): string =>
  `<Error><Code>${code}</Code><Message>${text}</Message></Error>`

interface Answering {
  options: FakeOptions
  files: ReadonlyMap<string, Kept>
  count: number
}

function answerList(
  response: ServerResponse,
  query: URLSearchParams,
  { options, files, count }: Answering,
): void {
  const lies = options.onList?.(count) ?? {}
  if (lies.error) {
    refuse(response, lies.error)
    return
  }
  const list = options.list ?? listOf(files.keys())
  const of = (key: string) => {
    const file = files.get(key)
    if (!file) return undefined
    const { bytes, version, writtenMs } = file
    return { sizeBytes: bytes.length, version, ...(writtenMs !== undefined && { writtenMs }) }
  }
  const xml = lies.xml ?? pageOf(query, lies, { list, pageSize: options.pageSize ?? 1000, of })
  const length = Buffer.byteLength(xml)
  response.writeHead(200, { 'content-type': 'application/xml', 'content-length': length })
  if (lies.cutAfter === undefined) response.end(xml)
  else response.write(xml.slice(0, lies.cutAfter), () => setTimeout(() => response.destroy(), 20))
}
