/**
 * The one session that a process keeps open for itself, and opens again when it is lost.
 *
 * PostgreSQL ends it with the process, which is how other workers notice a death. Behind a pooler
 * no session belongs to anybody: `backend` is null then, and nothing may be concluded from it.
 */
import { type Connection, type Db, openDb } from './db.ts'
import { sqlState } from './sqlState.ts'

/** A session that does not answer for so long is given up for a new one. */
const answerMsMax = 5000

/** Room for that one session. @param name shows who it is in pg_stat_activity */
export const openForOne = (databaseUrl: string, name: string): Db =>
  openDb(databaseUrl, { max: 1, name, answerMsMax })

/** Names a session for ever: process ids are used again. */
export interface Backend {
  pid: number
  /** As PostgreSQL writes it, to the microsecond. */
  start: string
}

export interface SessionOptions {
  /** Called when the session was lost; the next use opens another. */
  onLost?: () => void
  /** What it listens to, where the session is its own. */
  channels?: readonly string[]
  /** Called with what somebody said on one of the channels. */
  onNotified?: (channel: string, message: string) => void
}

export class OwnSession {
  readonly #db: Db
  readonly #options: SessionOptions
  #connection: Connection | null = null
  #backend: Backend | null = null
  /** One statement at a time. */
  #last: Promise<unknown> = Promise.resolve()

  /** @param db has room for one connection, and is used by nobody else */
  constructor(db: Db, options: SessionOptions = {}) {
    this.#db = db
    this.#options = options
  }

  /** Known once the session is open. */
  get backend(): Backend | null {
    return this.#backend
  }

  /** Waits for its turn. A session that does not answer is given up, and the next use opens another. */
  use<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    const turn = this.#last.then(async () => {
      const connection = await this.#get()
      try {
        return await work(connection)
      } catch (error) {
        // What PostgreSQL itself refuses leaves the session as it was.
        if (sqlState(error) === null) this.#drop(connection)
        throw error
      }
    })
    this.#last = turn.catch(() => {})
    return turn
  }

  async close(): Promise<void> {
    await this.#last
    if (this.#connection) this.#drop(this.#connection)
    await this.#db.end()
  }

  async #get(): Promise<Connection> {
    if (this.#connection) return this.#connection
    const connection = await this.#db.connect()
    // A lost session rejects the statement under way as well.
    connection.on('error', () => {})
    const { channels = [], onNotified, onLost } = this.#options
    connection.on('notification', ({ channel, payload = '' }) => onNotified?.(channel, payload))
    try {
      const backend = await backendOf(connection)
      // A pooler would give the session, and what it listens to, to somebody else.
      const listens = channels.map((channel) => `listen ${channel}`)
      if (backend && listens.length > 0) await connection.query(listens.join('; '))
      this.#backend = backend
    } catch (error) {
      connection.release(true)
      throw error
    }
    this.#connection = connection
    connection.once('end', () => {
      if (this.#connection !== connection) return
      this.#drop(connection)
      onLost?.()
    })
    return connection
  }

  #drop(connection: Connection): void {
    if (this.#connection !== connection) return
    this.#connection = null
    this.#backend = null
    connection.release(true)
  }
}

/** @returns null behind a pooler, which tells its clients of process ids that are no session's */
async function backendOf(connection: Connection): Promise<Backend | null> {
  const { processID } = connection as unknown as { processID: number }
  const { rows } = await connection.query(
    `select pid, backend_start::text as start from pg_stat_activity
     where pid = pg_backend_pid() and pid = $1 and backend_start is not null`,
    [processID],
  )
  return rows[0] ?? null
}
