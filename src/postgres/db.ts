/** Connections: one pool a process, transactions, and what a PostgreSQL error means to us. */
import pg from 'pg'
import { asLibpq } from '../domain/databaseUrl.ts'
import { messageOf, type SluiceError, sluiceError, SluiceError as TableError } from '../errors.ts'
import { beginText, sessionText } from './settings.ts'
import { momentOf, sqlState } from './sqlState.ts'
import { mustBeNewEnough } from './version.ts'

export type Db = pg.Pool
/** One connection, inside or outside a transaction. */
export type Connection = pg.PoolClient

// Counts and sizes are bigint in SQL and stay far below 2^53 here.
pg.types.setTypeParser(pg.types.builtins.INT8, Number)

/**
 * Opens the pool. It must be at least as large as what runs at once, plus one to look on with.
 * Keep-alives find a dead host; `client_connection_check_interval` lets the server find ours.
 *
 * The startup packet asks for no settings: a pooler would refuse them, or forget them.
 */
export function openDb(
  databaseUrl: string,
  options: {
    max: number
    name: string
    /** How long a statement may take before its connection counts as lost; for ever if absent. */
    answerMsMax?: number
  },
): Db {
  const db = new pg.Pool({
    connectionString: asLibpq(databaseUrl),
    max: options.max,
    application_name: options.name,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    connectionTimeoutMillis: 10_000,
    idleTimeoutMillis: 30_000,
    query_timeout: options.answerMsMax,
    onConnect: async (connection) => {
      const { processID } = connection as unknown as { processID: number }
      await connection.query(sessionText(processID)).catch(async (error) => {
        // PostgreSQL 14 and older do not know all that is asked for, and would say so in their words.
        await mustBeNewEnough(connection)
        throw error
      })
    },
  })
  // An idle connection that the server closes is no news: the pool opens another one.
  db.on('error', () => {})
  return db
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
  // A lost connection rejects the query under way, so this event tells nothing more.
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

/** How a transaction shows itself, and what it is for. */
export interface TransactionOptions {
  /** What `pg_stat_activity` shows, where sweep and zombies are found. */
  name?: string
  /** A landing table that numbers its rows asks for it, see sluice.unit_base(). */
  unitNo?: number | undefined
  /** It fails when it has waited for a lock for longer than this; it waits without end if absent. */
  lockTimeoutMs?: number | undefined
  /** Nothing of it is kept. */
  isTrial?: boolean
  signal?: AbortSignal
  /** A statement that comes before it and is committed by itself, in the same round trip. */
  before?: string
  /** Its first statement, in the same round trip; `work` gets the answer. */
  first?: string
  /** Its last statement, in one round trip with the commit. Asked for when the work is done. */
  last?: () => string | null
}

/**
 * Runs `work` in one transaction. An abort cuts the connection, which rolls it back.
 * @param work gets the process id of its backend too, which behind a pooler is not the connection's
 */
export const transaction = <T>(
  db: Db,
  work: (tx: Connection, pid: number, found: pg.QueryResult) => Promise<T>,
  { isTrial = false, signal, before, first, last, ...begin }: TransactionOptions = {},
): Promise<T> =>
  withConnection(
    db,
    async (tx) => {
      const opening = before === undefined ? [] : ['begin', before, 'commit']
      const begun = [...opening, beginText(begin), ...(first === undefined ? [] : [first])]
      const answers = (await tx.query(begun.join('; '))) as unknown as pg.QueryResult[]
      const [, { rows }] = answers.slice(opening.length) as [pg.QueryResult, pg.QueryResult]
      const result = await work(tx, rows[0].pid, answers.at(-1) as pg.QueryResult)
      const closing = last?.() ?? null
      const end = isTrial ? 'rollback' : 'commit'
      await tx.query(closing === null ? end : `${closing}; ${end}`)
      return result
    },
    signal,
  )

/** Closes the socket at once; the server rolls back when it notices. */
function destroy(connection: Connection): void {
  const { connection: wire } = connection as unknown as {
    connection: { stream: { destroy(): void } }
  }
  wire.stream.destroy()
}

/** The constraint that a row broke, if PostgreSQL names one. */
export const constraintOf = (error: unknown): string | null =>
  error instanceof pg.DatabaseError ? (error.constraint ?? null) : null

/** What PostgreSQL said of a row that it did not take. */
export function refusalOf(error: unknown) {
  const { column = null } = error as { column?: string | null }
  const [code, constraint] = [sqlState(error) ?? '', constraintOf(error)]
  return { code, column, constraint, error: problemOf(error) }
}

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

/** A pooler speaks for itself with the codes of PostgreSQL; only its words tell. */
const isOfPooler = (problem: string): boolean =>
  /pgbouncer|unsupported startup parameter|statement pooling mode|query_wait_timeout|max_client_conn|server_login_retry/i.test(
    problem,
  )

/** Turns whatever a query threw into an error of the table. */
export function databaseError(error: unknown): SluiceError {
  if (error instanceof TableError) return error
  const options = { cause: error }
  const problem = withDetail(error)
  if (isOfPooler(problem)) return sluiceError('pooler_refused', { problem }, options)
  if (!(error instanceof pg.DatabaseError)) {
    return sluiceError('database_unavailable', { problem }, options)
  }
  const told = `${problem} (SQLSTATE ${error.code})`
  return sluiceError(momentOf(error) ?? 'database_refused', { problem: told }, options)
}

/** What depends on a table is named by the detail only. */
const withDetail = (error: unknown): string =>
  [
    messageOf(error),
    sqlState(error) === '2BP01' && messageOf((error as pg.DatabaseError).detail ?? ''),
  ]
    .filter(Boolean)
    .join(': ')
