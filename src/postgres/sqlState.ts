/**
 * What PostgreSQL's SQLSTATEs mean to us: the one file that knows them.
 *
 * Two questions are asked of an error: is it about the rows, so that a row can become a reject; and
 * if not, is it about this moment, so that the same statement may work later?
 */
import pg from 'pg'
import type { ErrorCode } from '../errors.ts'

/** The SQLSTATE of an error that PostgreSQL reported; null for any other error. */
export const sqlState = (error: unknown): string | null =>
  error instanceof pg.DatabaseError ? (error.code ?? null) : null

const isOneOf =
  (pattern: RegExp) =>
  (error: unknown): boolean =>
    pattern.test(sqlState(error) ?? '')

const isOfRows = isOneOf(/^(22|23|54)/)
const isOfRow = isOneOf(/^(22|23|44|54|P0)/)
const isOfServer = isOneOf(/^(08|25|28|40|53|55|57|58)/)

/**
 * COPY was at a column of a line: what its type or its domain says is about that value, whatever
 * code it chooses. Types of extensions use XX000, as PostGIS does.
 */
const isOfValue = (error: unknown): boolean =>
  error instanceof pg.DatabaseError &&
  /^COPY .*, line \d+, column /m.test(error.where ?? '') &&
  !isOfServer(error)

/**
 * A value would be larger than any can be. PostgreSQL calls it an internal error, which nobody translates;
 * it comes again at every attempt.
 */
const isOfSize = (error: unknown): boolean =>
  error instanceof pg.DatabaseError &&
  error.code === 'XX000' &&
  error.message.startsWith('invalid memory alloc request size')

/** About the rows themselves: data (22), constraints (23), too large (54), or one value of one. */
export const isAboutRows = (error: unknown): boolean => isOfRows(error) || isOfValue(error)

/** A function says so with a SQLSTATE of its choice, as a trigger does. */
const isRaised = (error: unknown): boolean =>
  error instanceof pg.DatabaseError && error.routine === 'exec_stmt_raise' && !isOfServer(error)

/** A row that a policy of the table does not let in; the role may well insert others. */
const isOfPolicy = (error: unknown): boolean =>
  isNotAllowed(error) && (error as pg.DatabaseError).routine === 'ExecWithCheckOptions'

/** The same, and what a `with check option`, a policy or a trigger says of a row. */
export const isAboutRow = (error: unknown): boolean =>
  isOfRow(error) || isOfValue(error) || isOfPolicy(error) || isRaised(error) || isOfSize(error)

const isOfTarget = isOneOf(/^(22|23|42|44|54|P0)/)

/** The target does not take the rows, or the columns. */
export const isRefusal = (error: unknown): boolean =>
  isOfTarget(error) || isRaised(error) || isOfSize(error)

/** A constraint of the target. */
export const isOfConstraint = isOneOf(/^23/)

/** The statement itself is wrong: it fails for every role, and at every attempt. */
export const isOfStatement = isOneOf(/^(0A|21|22|42|P0)/)

/** It is no statement at all, whatever tables there are. */
export const isOfSyntax = isOneOf(/^42601$/)

/** It was cancelled: by a time limit of its own, or by somebody. */
export const isCancelled = isOneOf(/^57014$/)

/** A statement of ours that this server or this role cannot run. */
export const isOfOwnStatement = isOneOf(/^(0A|42)/)

/** A table cannot be dropped: a session reads it, it is not ours, or an object depends on it. */
export const isUndroppable = isOneOf(/^(55P03|42501|2BP01)$/)

/** The role lacks a right. */
export const isNotAllowed = isOneOf(/^42501$/)

/** A lock was not to be had within `lock_timeout`. */
export const isOfLockTimeout = isOneOf(/^55P03$/)

/** There is no such table, or no such schema. */
export const isOfMissingTable = isOneOf(/^(42P01|3F000)$/)

/** There is a table of that name already. */
export const isOfTakenName = isOneOf(/^42P07$/)

/** Errors of the table that stand for moments: all of them are tried again, without end. */
type Moment = Extract<
  ErrorCode,
  'database_unavailable' | 'database_login' | 'database_not_ready' | 'drop_blocked' | 'too_busy'
>

/** By SQLSTATE or the start of one; the longest that fits counts. What is absent stays an error. */
const moments: Record<string, Moment> = {
  // The connection, or what stands between us and the server.
  '08': 'database_unavailable',
  // A standby, or a server that is told to be read-only for a while.
  '25006': 'database_not_ready',
  // A time limit ended the session: ours are set to none, those of the first statement are not.
  '25P03': 'database_unavailable',
  '25P04': 'database_unavailable',
  // A pooler gave the prepared statement's session to another client.
  '26000': 'database_not_ready',
  // A password that is just being changed, a role that may not log in now.
  '28': 'database_login',
  // Something depends on a table that has to go, like a view.
  '2BP01': 'drop_blocked',
  // Deadlocks, serialization, a statement whose completion is unknown.
  '40': 'too_busy',
  // Disk, memory, connections.
  '53': 'too_busy',
  '55006': 'too_busy',
  '55P03': 'too_busy',
  // The server stops, starts or recovers, or an administrator ended the session.
  '57': 'database_unavailable',
  // The statement was cancelled.
  '57014': 'too_busy',
  // Its disk does not read or write, a file of it is missing.
  '58': 'database_not_ready',
  '72': 'too_busy',
  F0: 'database_not_ready',
  // Internal errors: races with DDL for the most part, or damage that an administrator mends.
  XX: 'database_not_ready',
}

/**
 * The error of the table for something that passes; null for what will be the same next time.
 *
 * What ends a session before it has begun is never about our statements: the same SQLSTATE, like
 * 55000 for a database that takes no connections, means something else within one.
 */
export function momentOf(error: pg.DatabaseError): Moment | null {
  const state = error.code ?? ''
  if (isOfLogin(error) && !/^(08|53|57|58|XX)/.test(state)) return 'database_login'
  const found = [5, 2].map((length) => moments[state.slice(0, length)]).find(Boolean)
  return found ?? (isFatal(error) ? 'database_unavailable' : null)
}

const isFatal = ({ severity = '' }: pg.DatabaseError): boolean => /^(FATAL|PANIC)$/.test(severity)

/** Severities are translated, the names of PostgreSQL's functions are not. */
const loginRoutines = new Set([
  'auth_failed',
  'CheckMyDatabase',
  'ClientAuthentication',
  'InitializeSessionUserId',
  'InitPostgres',
])

const isOfLogin = (error: pg.DatabaseError): boolean =>
  loginRoutines.has(error.routine ?? '') ||
  (isFatal(error) && /^(28|3D|42|55)/.test(error.code ?? ''))
