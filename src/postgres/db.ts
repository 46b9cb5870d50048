/** Connections: one pool a process, transactions, and what a PostgreSQL error means to us. */
import pg from 'pg'
import { messageOf, type SluiceError, sluiceError, SluiceError as TableError } from '../errors.ts'

export type Db = pg.Pool
/** One connection, inside or outside a transaction. */
export type Connection = pg.PoolClient

// Counts and sizes are bigint in SQL and stay far below 2^53 here.
pg.types.setTypeParser(pg.types.builtins.INT8, Number)

/**
 * Opens the pool. It must be at least as large as what runs at once, plus one to look on with.
 * Keep-alives find a dead host; `client_connection_check_interval` lets the server find ours.
 */
export function openDb(databaseUrl: string, options: { max: number; name: string }): Db {
  const db = new pg.Pool({
    connectionString: databaseUrl,
    max: options.max,
    application_name: options.name,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    connectionTimeoutMillis: 10_000,
    idleTimeoutMillis: 30_000,
    // 01/02/2024 is no date unless somebody says in which order: it would be taken for either.
    options: '-c client_connection_check_interval=2s -c datestyle=ISO,YMD',
    onConnect: speakEnglish,
  })
  // An idle connection that the server closes is no news: the pool opens another one.
  db.on('error', () => {})
  return db
}

/** Asks for messages in English where the role may: NOTICEs of COPY are read by their words. */
async function speakEnglish(connection: pg.ClientBase): Promise<void> {
  try {
    await connection.query(`select set_config('lc_messages', 'C', false)`)
  } catch (error) {
    // insufficient_privilege: then the server's language stays, and notice.ts copes with it.
    if (sqlState(error) !== '42501') throw error
  }
}

/** Runs `work` on one connection; a connection that met trouble on the way is thrown away. */
export async function withConnection<T>(
  db: Db,
  work: (connection: Connection) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  signal?.throwIfAborted()
  const connection = await db.connect()
  const cut = () => destroy(connection)
  // Whoever waits for a query hears of a lost connection from it.
  const ignore = () => {}
  connection.on('error', ignore)
  signal?.addEventListener('abort', cut, { once: true })
  let broken = true
  try {
    const result = await work(connection)
    broken = false
    return result
  } catch (error) {
    signal?.throwIfAborted()
    throw error
  } finally {
    signal?.removeEventListener('abort', cut)
    connection.off('error', ignore)
    connection.release(broken)
  }
}

/** Runs `work` in one transaction. An abort cuts the connection, which rolls it back. */
export const transaction = <T>(
  db: Db,
  work: (tx: Connection) => Promise<T>,
  options: { name?: string; unitNo?: number | undefined; signal?: AbortSignal } = {},
): Promise<T> =>
  withConnection(
    db,
    async (tx) => {
      await tx.query('begin')
      if (options.name) await nameSession(tx, options.name, options.unitNo)
      const result = await work(tx)
      await tx.query('commit')
      return result
    },
    options.signal,
  )

/**
 * Shows what the transaction is about in `pg_stat_activity`, where sweep and zombies are found. A
 * landing table that numbers its rows asks for the unit, see sluice.unit_base().
 */
const nameSession = (tx: Connection, name: string, unitNo?: number) =>
  tx.query(`select set_config('application_name', $1, true), set_config('sluice.unit', $2, true)`, [
    name,
    String(unitNo ?? ''),
  ])

/** Closes the socket at once; the server rolls back when it notices. */
function destroy(connection: Connection): void {
  const { connection: wire } = connection as unknown as {
    connection: { stream: { destroy(): void } }
  }
  wire.stream.destroy()
}

/** Of PostgreSQL: it has an SQLSTATE. */
export const sqlState = (error: unknown): string | null =>
  error instanceof pg.DatabaseError ? (error.code ?? null) : null

/** The constraint that a row broke, if PostgreSQL names one. */
export const constraintOf = (error: unknown): string | null =>
  error instanceof pg.DatabaseError ? (error.constraint ?? null) : null

/** What PostgreSQL said: its message, and for a key that broke a constraint which one it was. */
export function problemOf(error: unknown): string {
  const { detail } = error as { detail?: string }
  const key = detail?.startsWith('Key (') ? detail : ''
  return [messageOf(error), key].filter(Boolean).join(': ')
}

const networkCodes = ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN']

/** pg tells of a lost connection by message only. */
const isLostConnection = (error: unknown): boolean =>
  networkCodes.includes((error as NodeJS.ErrnoException)?.code ?? '') ||
  /Connection terminated|connection timeout|timeout exceeded when trying to connect|not queryable/i.test(
    messageOf(error),
  )

/** Said by PostgreSQL, or for want of a connection to it: `databaseError` knows what to make of it. */
export const isOfDatabase = (error: unknown): boolean =>
  sqlState(error) !== null || isLostConnection(error)

/** An error about the rows themselves: class 22 (data), 23 (constraints) or 54 (too large). */
export const isAboutRows = (error: unknown): boolean => /^(22|23|54)/.test(sqlState(error) ?? '')

/** Turns whatever a query threw into an error of the table. */
export function databaseError(error: unknown): SluiceError {
  if (error instanceof TableError) return error
  const state = sqlState(error)
  const problem = messageOf(error)
  const options = { cause: error }
  if (state === null || /^(08|57P)/.test(state)) {
    return sluiceError('database_unavailable', { problem }, options)
  }
  if (/^(53|40|55P03|57014)/.test(state)) return sluiceError('too_busy', { problem }, options)
  return sluiceError('database_refused', { problem: `${problem} (SQLSTATE ${state})` }, options)
}
