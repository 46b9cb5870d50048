/**
 * A pooler between clients and PostgreSQL, as pgbouncer is with `pool_mode = transaction`: each
 * transaction of a client is on another session, which others had before it and will have after it.
 */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import pg from 'pg'

export interface Pooler {
  url: string
  /** How many transactions were on another session than the one before of the same client. */
  moves(): number
  /** Asks every session that waits. */
  ask(sql: string): Promise<unknown[]>
  close(): Promise<void>
}

/** A session of the server: logged in by pg, then taken over as a socket. */
interface Session {
  client: pg.Client
  socket: Socket
  release(): void
}

const protocolVersion = 196_608
const parameters = { server_encoding: 'UTF8', client_encoding: 'UTF8', DateStyle: 'ISO, MDY' }

/** @param begin what somebody has set in each session before */
export async function openPooler(
  databaseUrl: string,
  { sessions: count, begin }: { sessions: number; begin: string },
): Promise<Pooler> {
  const idle: Session[] = []
  const waiting: ((session: Session) => void)[] = []
  const clients = new Set<Socket>()
  let moved = 0
  const give = (session: Session) => {
    const next = waiting.shift()
    if (next) next(session)
    else idle.push(session)
  }
  const add = async () => give(await openSession(databaseUrl, begin))
  await Promise.all(Array.from({ length: count }, add))
  const take = (): Promise<Session> => {
    const session = idle.shift()
    return session ? Promise.resolve(session) : new Promise((resolve) => waiting.push(resolve))
  }

  const server = createServer((socket) => {
    clients.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => clients.delete(socket))
    serveClient(socket, {
      take,
      give,
      lost: () => void add(),
      onMove: () => moved++,
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = new URL(databaseUrl)
  url.hostname = '127.0.0.1'
  url.port = String((server.address() as AddressInfo).port)
  return {
    url: url.href,
    moves: () => moved,
    async ask(sql) {
      const answers: unknown[] = []
      for (const session of idle) {
        session.release()
        answers.push((await session.client.query(sql)).rows[0])
      }
      return answers
    },
    async close() {
      for (const client of clients) client.destroy()
      for (const session of idle) session.socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

async function openSession(databaseUrl: string, begin: string): Promise<Session> {
  const client = new pg.Client({ connectionString: databaseUrl })
  client.on('error', () => {})
  await client.connect()
  await client.query(begin)
  const { stream } = (client as unknown as { connection: { stream: Socket } }).connection
  const own = stream.listeners('data') as ((data: Buffer) => void)[]
  const release = () => {
    stream.removeAllListeners('data')
    for (const listener of own) stream.on('data', listener)
  }
  return { client, socket: stream, release }
}

interface Pool {
  take(): Promise<Session>
  give(session: Session): void
  /** A session went with its client. */
  lost(): void
  onMove(): void
}

function serveClient(socket: Socket, pool: Pool): void {
  let isIn = false
  let held: Session | null = null
  let last: Session | null = null
  const letGo = () => {
    if (!held) return
    held.socket.removeAllListeners('data')
    pool.give(held)
    held = null
  }
  const hold = async () => {
    const session = await pool.take()
    if (last && last !== session) pool.onMove()
    held = session
    last = session
    session.socket.removeAllListeners('data')
    const isReady = readyFinder()
    session.socket.on('data', (data: Buffer) => {
      socket.write(data)
      if (isReady(data)) letGo()
    })
  }
  socket.on('data', async (data: Buffer) => {
    if (!isIn) {
      isIn = answerStartup(socket, data)
      return
    }
    // It says goodbye to us: the session stays.
    if (!held && data[0] === 'X'.charCodeAt(0)) return void socket.end()
    socket.pause()
    if (!held) await hold()
    held?.socket.write(data)
    socket.resume()
  })
  socket.on('close', () => {
    if (!held) return
    held.socket.destroy()
    held = null
    pool.lost()
  })
}

/** Like pgbouncer it refuses settings that it could not keep. */
function answerStartup(socket: Socket, data: Buffer): boolean {
  if (data.readInt32BE(4) !== protocolVersion) {
    socket.write('N')
    return false
  }
  const words = data.subarray(8).toString().split('\0')
  if (words.includes('options')) {
    const text = 'SFATAL\0VFATAL\0C08P01\0Munsupported startup parameter: options\0\0'
    socket.end(message('E', Buffer.from(text)))
    return true
  }
  const facts = Object.entries(parameters).map(([name, value]) =>
    message('S', Buffer.from(`${name}\0${value}\0`)),
  )
  const key = Buffer.alloc(8, 1)
  socket.write(
    Buffer.concat([message('R', Buffer.alloc(4)), ...facts, message('K', key), message('Z', 'I')]),
  )
  return true
}

function message(letter: string, content: Buffer | string): Buffer {
  const body = Buffer.from(content as string)
  const head = Buffer.alloc(5, letter)
  head.writeInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}

/** Follows the answers of a session. @returns whether it is ready, and in no transaction */
function readyFinder(): (data: Buffer) => boolean {
  let rest = Buffer.alloc(0)
  return (data) => {
    rest = Buffer.concat([rest, data])
    let isIdle = false
    while (rest.length >= 5) {
      const length = 1 + rest.readInt32BE(1)
      if (rest.length < length) break
      isIdle = rest[0] === 'Z'.charCodeAt(0) && rest[5] === 'I'.charCodeAt(0)
      rest = rest.subarray(length)
    }
    return isIdle && rest.length === 0
  }
}
