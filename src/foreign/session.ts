/** Sessions at the database of a source: read-only, and all of them see the same snapshot. */
import pg from 'pg'
import { to as copyTo } from 'pg-copy-streams'
import { asLibpq } from '../domain/databaseUrl.ts'
import { messageOf, type SluiceError, sluiceError, SluiceError as TableError } from '../errors.ts'

/** How a database is reached, and what it is called in messages. */
export interface Database {
  connection: string
  url: string
}

export type Session = Pick<pg.Client, 'query'>

/** Somebody else's lock, such as that of an ALTER TABLE, is waited for so long. */
const lockWait = '30s'

/** What is written as text is to be the same in every session, and exact. */
const settings: Record<string, string> = {
  statement_timeout: '0',
  transaction_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  lock_timeout: lockWait,
  client_connection_check_interval: '2s',
  datestyle: 'ISO, YMD',
  intervalstyle: 'postgres',
  timezone: 'UTC',
  bytea_output: 'hex',
  extra_float_digits: '3',
  lc_monetary: 'C',
  xmloption: 'content',
  quote_all_identifiers: 'off',
  standard_conforming_strings: 'on',
}

/** Older servers do not know all of them. */
const applySettings = `
  select set_config(name, asked.value, true)
  from unnest($1::text[], $2::text[]) asked (name, value)
  where current_setting(name, true) is not null`

/**
 * One session in a transaction that can only read. It ends with `destroy`, whatever it is doing.
 * @param snapshot that of another session; null for one of its own
 * @throws source_database_unavailable, source_database_refused
 */
export async function openSession(
  database: Database,
  snapshot: string | null = null,
): Promise<SourceSession> {
  const client = new pg.Client({
    connectionString: asLibpq(database.url),
    application_name: 'sluice source',
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  })
  // A lost session rejects the statement under way as well.
  client.on('error', () => {})
  const session = new SourceSession(client, database)
  try {
    await client.connect()
    await client.query('begin isolation level repeatable read read only')
    if (snapshot !== null) {
      await client.query(`set transaction snapshot ${pg.escapeLiteral(snapshot)}`)
    }
    await client.query(applySettings, [Object.keys(settings), Object.values(settings)])
    return session
  } catch (error) {
    session.destroy()
    throw sourceError(database, error)
  }
}

/** Uses a session of its own, and ends it; an abort ends it too. @throws what `openSession` throws */
export async function withSession<T>(
  database: Database,
  signal: AbortSignal,
  work: (session: SourceSession) => Promise<T>,
): Promise<T> {
  const session = await openSession(database)
  const end = () => session.destroy()
  signal.addEventListener('abort', end)
  try {
    return await work(session)
  } finally {
    signal.removeEventListener('abort', end)
    end()
  }
}

export class SourceSession implements Session {
  readonly #client: pg.Client
  readonly #database: Database

  constructor(client: pg.Client, database: Database) {
    this.#client = client
    this.#database = database
  }

  /** @throws source_database_unavailable, source_database_refused */
  query: Session['query'] = ((text: never, values?: never) =>
    this.#client.query(text, values).catch((error: unknown) => {
      throw sourceError(this.#database, error)
    })) as Session['query']

  /** For other sessions to see what this one sees. */
  async snapshot(): Promise<string> {
    const { rows } = await this.query<{ id: string }>('select pg_export_snapshot() as id')
    return (rows[0] as { id: string }).id
  }

  /**
   * The rows of a `select` as lines of COPY text, in chunks of whole lines.
   * @throws source_database_unavailable, source_database_refused
   */
  async *lines(select: string): AsyncGenerator<Buffer> {
    const stream = this.#client.query(copyTo(`copy (${select}\n) to stdout`))
    let rest: Buffer[] = []
    try {
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        const end = chunk.lastIndexOf(newline) + 1
        if (end > 0) {
          yield rest.length > 0
            ? Buffer.concat([...rest, chunk.subarray(0, end)])
            : chunk.subarray(0, end)
          rest = []
        }
        if (end < chunk.length) rest.push(chunk.subarray(end))
      }
    } catch (error) {
      throw sourceError(this.#database, error)
    }
    if (rest.length > 0) yield Buffer.concat(rest)
  }

  destroy(): void {
    const { stream } = (this.#client as unknown as { connection: { stream: { destroy(): void } } })
      .connection
    stream.destroy()
  }
}

const newline = 10

/** What another attempt may not meet again: see "PostgreSQL Error Codes" of its manual. */
const passing = /^(08(?!P01)|40|53|55006|55P03|57P0|57014|58|72000)/

/** Never with the address, which has the password. */
function sourceError({ connection }: Database, error: unknown): SluiceError {
  if (error instanceof TableError) return error
  const problem = messageOf(error)
  if (!(error instanceof pg.DatabaseError)) {
    return sluiceError('source_database_unavailable', { connection, problem })
  }
  const told = { connection, problem: `${problem} (SQLSTATE ${error.code})` }
  const code = passing.test(error.code ?? '')
    ? 'source_database_unavailable'
    : 'source_database_refused'
  return sluiceError(code, told)
}
