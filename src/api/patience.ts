/**
 * Ends connections that only take up room: those that send nothing, or a byte now and then, in the
 * head of a request as in its body. Node's own limit is for whole requests, and an upload may take
 * hours as long as its bytes come.
 */
import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'

/** For the whole head of a request, from the connection or its first byte on. */
const headMs = 15_000
/** For the whole body of a request that is no upload. */
const bodyMs = 30_000
/** An upload sends this much in this time, or it has stalled. */
const uploadMs = 30_000
const uploadBytesMin = 1024
const lookMs = 1000
/** When the API stops: a body that brings nothing for so long is not waited for. */
const lastWaitMs = 1000

export interface Patience {
  headMs: number
  bodyMs: number
  uploadMs: number
}

export const ordinaryPatience: Patience = { headMs, bodyMs, uploadMs }

interface Connection {
  /** When it was opened, or its last request was answered, or the first byte of the next came. */
  sinceMs: number
  /** The requests under way: more than one when a client does not wait for an answer. */
  requests: Set<IncomingMessage>
  /** How many bytes had arrived, and when, at the last check that found enough of them. */
  bytes: number
  bytesMs: number
}

/** Watches the connections of a server. @returns lets go of those that would delay its end */
export function watchConnections(server: Server, patience: Patience): () => void {
  const open = new Map<Socket, Connection>()
  let isEnding = false

  server.on('connection', (socket: Socket) => {
    const nowMs = performance.now()
    open.set(socket, { sinceMs: nowMs, requests: new Set(), bytes: 0, bytesMs: nowMs })
    socket.once('close', () => open.delete(socket))
  })
  server.on('request', (request: IncomingMessage, response) => {
    const connection = open.get(request.socket)
    if (!connection) return
    connection.requests.add(request)
    connection.sinceMs = performance.now()
    connection.bytes = request.socket.bytesRead
    connection.bytesMs = connection.sinceMs
    response.once('close', () => {
      connection.requests.delete(request)
      connection.sinceMs = performance.now()
      connection.bytes = request.socket.bytesRead
      if (isEnding && connection.requests.size === 0) request.socket.end()
    })
  })
  const look = () => {
    for (const [socket, connection] of open) {
      if (hasRunOut(socket, connection, { patience, isEnding })) socket.destroy()
    }
  }
  const timer = setInterval(look, lookMs).unref()
  server.once('close', () => clearInterval(timer))
  return () => {
    isEnding = true
    look()
    clearInterval(timer)
    const soon = setInterval(look, lookMs / 4).unref()
    server.once('close', () => clearInterval(soon))
  }
}

function hasRunOut(
  socket: Socket,
  connection: Connection,
  { patience, isEnding }: { patience: Patience; isEnding: boolean },
): boolean {
  const nowMs = performance.now()
  const { requests, sinceMs } = connection
  if (requests.size === 0) {
    if (isEnding) return true
    // Between requests nothing need come: how long is Node's to say. A head that has begun must.
    const isIdle = socket.bytesRead === connection.bytes && connection.bytes > 0
    if (isIdle) connection.sinceMs = nowMs
    return nowMs - sinceMs > patience.headMs
  }
  const incomplete = [...requests].filter((request) => !request.complete)
  if (incomplete.length === 0) return false
  const isUpload = incomplete.every(({ url = '' }) => url.startsWith('/v1/uploads/'))
  if (!isUpload && nowMs - sinceMs > patience.bodyMs) return true
  // Bytes have arrived that were not read yet: our disk is slow, not the client.
  const isWaited = incomplete.some(({ readableLength }) => readableLength > 0)
  if (isWaited || socket.bytesRead - connection.bytes >= uploadBytesMin) {
    connection.bytes = socket.bytesRead
    connection.bytesMs = nowMs
  }
  return nowMs - connection.bytesMs > (isEnding ? lastWaitMs : patience.uploadMs)
}
