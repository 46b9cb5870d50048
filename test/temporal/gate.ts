/**
 * A gate before the Temporal server, as Temporal Cloud has one: TLS, a client certificate, and an
 * API key in each call. What may pass goes to the server as it is.
 */
import { once } from 'node:events'
import {
  type ClientHttp2Session,
  connect,
  constants,
  createSecureServer,
  type Http2Session,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2'
import type { AddressInfo } from 'node:net'
import type { Authority, Pair } from '../certificates.ts'

export interface Gate {
  address: string
  /** How many calls came through, and with which headers the last one came. */
  passed(): number
  last(): IncomingHttpHeaders
  close(): Promise<void>
}

const unauthenticated = '16'

/** @param asks what a caller must show */
export async function openGate(
  temporalAddress: string,
  identity: Pair,
  asks: { authority: Authority; apiKey: string },
): Promise<Gate> {
  const behind = connect(`http://${temporalAddress}`)
  behind.on('error', () => {})
  const sessions = new Set<Http2Session>()
  let passed = 0
  let last: IncomingHttpHeaders = {}
  const server = createSecureServer({
    ...identity,
    ca: asks.authority.cert,
    requestCert: true,
    rejectUnauthorized: true,
  })
  server.on('session', (session) => {
    sessions.add(session)
    session.on('error', () => {})
    session.on('close', () => sessions.delete(session))
  })
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {})
    if (headers.authorization !== `Bearer ${asks.apiKey}`) return refuse(stream)
    passed++
    last = headers
    pass(behind, stream, headers)
  })
  server.listen(0, 'localhost')
  await once(server, 'listening')
  return {
    address: `localhost:${(server.address() as AddressInfo).port}`,
    passed: () => passed,
    last: () => last,
    async close() {
      for (const session of sessions) session.destroy()
      behind.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

const refuse = (stream: ServerHttp2Stream): void =>
  stream.respond(
    {
      ':status': 200,
      'content-type': 'application/grpc',
      'grpc-status': unauthenticated,
      'grpc-message': 'the API key is wrong',
    },
    { endStream: true },
  )

function pass(behind: ClientHttp2Session, stream: ServerHttp2Stream, headers: IncomingHttpHeaders) {
  const { authorization, ...rest } = headers
  const call = behind.request({ ...rest, ':scheme': 'http' })
  call.on('error', () => stream.close(constants.NGHTTP2_INTERNAL_ERROR))
  stream.on('close', () => call.close(constants.NGHTTP2_CANCEL))
  call.on('response', (answer, flags) => {
    if (flags & constants.NGHTTP2_FLAG_END_STREAM) {
      stream.respond(answer, { endStream: true })
      return
    }
    stream.respond(answer, { waitForTrailers: true })
    let trailers: IncomingHttpHeaders = {}
    call.on('trailers', (each) => {
      trailers = each
    })
    stream.on('wantTrailers', () => stream.sendTrailers(trailers))
    call.pipe(stream)
  })
  stream.pipe(call)
}
