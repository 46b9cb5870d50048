/** A TCP proxy between workers and PostgreSQL: it can cut every connection, or stall them. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface Proxy {
  /** The same database, by way of this proxy. */
  url(databaseUrl: string): string
  /** Destroys every connection, and refuses new ones until `mend`. */
  cut(): void
  /** No byte passes in either direction, also on new connections, until `mend`. */
  stall(): void
  mend(): void
  /** From now on new connections lead to another server. */
  lead(databaseUrl: string): void
  close(): Promise<void>
}

interface Pair {
  client: Socket
  server: Socket
}

/** @param databaseUrl where it leads to */
export async function openProxy(databaseUrl: string): Promise<Proxy> {
  let to = placeOf(databaseUrl)
  const pairs = new Set<Pair>()
  let state: 'flows' | 'cut' | 'stalled' = 'flows'

  const listener = createServer((client) => {
    if (state === 'cut') {
      client.destroy()
      return
    }
    const pair = { client, server: connect(to) }
    pairs.add(pair)
    for (const [socket, other] of both(pair)) {
      socket.setNoDelay(true)
      socket.on('error', () => {})
      socket.on('close', () => {
        other.destroy()
        pairs.delete(pair)
      })
    }
    if (state === 'flows') join(pair)
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')

  const destroyAll = () => {
    for (const { client, server } of pairs) {
      client.resetAndDestroy()
      server.destroy()
    }
  }
  return {
    url(url) {
      const through = new URL(url)
      through.hostname = '127.0.0.1'
      through.port = String((listener.address() as AddressInfo).port)
      return through.href
    },
    cut() {
      state = 'cut'
      destroyAll()
    },
    stall() {
      state = 'stalled'
      for (const pair of pairs) part(pair)
    },
    mend() {
      if (state === 'stalled') for (const pair of pairs) join(pair)
      state = 'flows'
    },
    lead(databaseUrl) {
      to = placeOf(databaseUrl)
    },
    async close() {
      destroyAll()
      listener.close()
      await once(listener, 'close')
    },
  }
}

function placeOf(databaseUrl: string): { host: string; port: number } {
  const { hostname: host, port } = new URL(databaseUrl)
  return { host, port: Number(port) }
}

const both = ({ client, server }: Pair): [Socket, Socket][] => [
  [client, server],
  [server, client],
]

function join(pair: Pair): void {
  for (const [from, to] of both(pair)) from.pipe(to)
}

function part(pair: Pair): void {
  for (const [from, to] of both(pair)) {
    from.unpipe(to)
    from.pause()
  }
}
