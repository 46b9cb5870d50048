/** What a PostgreSQL client sends, counted between it and the server. */
import { connect, createServer, type Socket } from 'node:net'

export interface Sent {
  /** Questions that the client waits for an answer to: a query, or the end of a COPY. */
  roundTrips: number
  bytes: number
}

export interface Wire {
  /** Leads to the same database, past the counter. */
  url: string
  sent: Sent
  close(): Promise<void>
}

/** Simple query, the sync that ends an extended one, and the end of a COPY. */
const awaited = ['Q', 'S', 'c'].map((letter) => letter.charCodeAt(0))
/** A letter, and the length of what follows with its own four bytes. */
const headBytes = 5

export async function openWire(databaseUrl: string): Promise<Wire> {
  const sent: Sent = { roundTrips: 0, bytes: 0 }
  const url = new URL(databaseUrl)
  const server = { host: url.hostname, port: Number(url.port) }
  const sockets = new Set<Socket>()
  const listener = createServer((client) => {
    const upstream = connect(server)
    const count = counter(sent)
    client.on('data', count)
    client.pipe(upstream)
    upstream.pipe(client)
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket)
      socket.on('error', () => other.destroy())
      socket.on('close', () => {
        sockets.delete(socket)
        other.destroy()
      })
    }
  })
  await new Promise<void>((resolve) => {
    listener.listen(0, '127.0.0.1', resolve)
  })
  url.hostname = '127.0.0.1'
  url.port = String((listener.address() as { port: number }).port)
  return {
    url: url.href,
    sent,
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => {
        listener.close(resolve)
      })
    },
  }
}

/** Follows the messages of one connection. */
function counter(sent: Sent): (data: Buffer) => void {
  // The first message has no letter.
  let headLength = headBytes - 1
  let head = Buffer.alloc(0)
  /** Of the message under way. */
  let left = 0
  const begin = () => {
    left = head.readInt32BE(headLength - 4) - 4
    if (headLength === headBytes && awaited.includes(head[0] as number)) sent.roundTrips++
    headLength = headBytes
    head = Buffer.alloc(0)
  }
  const step = (data: Buffer): Buffer => {
    const rest = data.subarray(left > 0 ? left : headLength - head.length)
    const taken = data.subarray(0, data.length - rest.length)
    if (left > 0) left -= taken.length
    else {
      head = Buffer.concat([head, taken])
      if (head.length === headLength) begin()
    }
    return rest
  }
  return (data) => {
    sent.bytes += data.length
    for (let rest = data; rest.length > 0; ) rest = step(rest)
  }
}
