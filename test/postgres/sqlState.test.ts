/** What PostgreSQL says, and what becomes of it: a reject, an end, or another attempt. */
import pg from 'pg'
import { expect, test } from 'vitest'
import { databaseError } from '../../src/postgres/db.ts'
import { isAboutRow, isAboutRows, isRefusal } from '../../src/postgres/sqlState.ts'

type Fields = Partial<Pick<pg.DatabaseError, 'severity' | 'routine' | 'detail'>>

function said(code: string, message = 'it said so', fields: Fields = {}): pg.DatabaseError {
  const error = new pg.DatabaseError(message, 1, 'error')
  return Object.assign(error, { code, severity: 'ERROR', ...fields })
}

test.each([
  // The connection, and what ends one.
  ['08000', 'database_unavailable'],
  ['08006', 'database_unavailable'],
  ['57P01', 'database_unavailable'],
  ['57P02', 'database_unavailable'],
  ['57P03', 'database_unavailable'],
  ['57P05', 'database_unavailable'],
  ['25P03', 'database_unavailable'],
  ['25P04', 'database_unavailable'],
  // Who we are.
  ['28000', 'database_login'],
  ['28P01', 'database_login'],
  // What passes by itself, or is mended by an administrator.
  ['25006', 'database_not_ready'],
  ['26000', 'database_not_ready'],
  ['58030', 'database_not_ready'],
  ['58P01', 'database_not_ready'],
  ['XX000', 'database_not_ready'],
  ['XX001', 'database_not_ready'],
  ['2BP01', 'drop_blocked'],
  // What is short.
  ['40001', 'too_busy'],
  ['40P01', 'too_busy'],
  ['53100', 'too_busy'],
  ['53200', 'too_busy'],
  ['53300', 'too_busy'],
  ['55P03', 'too_busy'],
  ['55006', 'too_busy'],
  ['57014', 'too_busy'],
])('%s is tried again: %s', (code, expected) => {
  const error = databaseError(said(code))
  expect([error.code, error.retryable]).toEqual([expected, true])
  expect(error.message).toContain(`it said so (SQLSTATE ${code})`)
  expect([isAboutRows(said(code)), isRefusal(said(code))]).toEqual([false, false])
})

test.each([
  '0A000',
  '22P05',
  '22021',
  '23505',
  '25P02',
  '3D000',
  '42501',
  '42P01',
  '55000',
  'P0001',
])('%s within a session is the same the next time', (code) => {
  const error = databaseError(said(code))
  expect([error.code, error.retryable]).toEqual(['database_refused', false])
})

test.each([
  // A database that takes no connections, is gone for a moment, or not for this role.
  ['55000', 'FATAL', 'CheckMyDatabase', 'database_login'],
  ['55000', 'ВАЖНО', 'CheckMyDatabase', 'database_login'],
  ['3D000', 'FATAL', 'InitPostgres', 'database_login'],
  ['42501', 'FATAL', 'CheckMyDatabase', 'database_login'],
  ['28000', 'FATAL', 'InitializeSessionUserId', 'database_login'],
  ['53300', 'FATAL', 'InitializeSessionUserId', 'too_busy'],
  ['57P03', 'FATAL', 'ProcessStartupPacket', 'database_unavailable'],
  ['P0001', 'FATAL', 'exec_stmt_raise', 'database_unavailable'],
])('%s that ends a session (%s, %s) is %s', (code, severity, routine, expected) => {
  const error = databaseError(said(code, 'no', { severity, routine }))
  expect([error.code, error.retryable]).toEqual([expected, true])
})

test('what a type or a domain says of a value is about its row, whatever its code', () => {
  const where = 'PL/pgSQL function f(text) line 1 at RAISE\nCOPY t, line 3, column geom: "x"'
  const at = (code: string) => Object.assign(said(code), { where })
  expect(['XX000', 'P0001', '0A000', '42883'].map((code) => isAboutRows(at(code)))).not.toContain(
    false,
  )
  expect(['53200', '57014', '40P01', '58030'].map((code) => isAboutRows(at(code)))).not.toContain(
    true,
  )
  const line = Object.assign(said('XX000'), { where: 'COPY t, line 3: "x"' })
  expect(isAboutRows(line)).toBe(false)
})

test('a value that is larger than any can be is about its row, and no moment', () => {
  const tooLarge = said('XX000', 'invalid memory alloc request size 2000000004')
  expect([isAboutRow(tooLarge), isRefusal(tooLarge)]).toEqual([true, true])
  const other = said('XX000', 'cache lookup failed for type 7')
  expect([isAboutRow(other), isRefusal(other)]).toEqual([false, false])
})

test('what depends on a table is named', () => {
  const detail = 'view v depends on table t'
  const { message, hint } = databaseError(said('2BP01', 'cannot drop table t', { detail }))
  expect(message).toContain('cannot drop table t: view v depends on table t')
  expect(hint).toMatch(/Drop what depends on it/)
})

test.each([
  ['08P01', 'unsupported startup parameter in options: datestyle'],
  ['08P01', 'transaction blocks not allowed in statement pooling mode'],
  ['08P01', 'query_wait_timeout'],
  ['XX000', 'pgbouncer cannot connect to server'],
])('a pooler is named (%s %s)', (code, message) => {
  const error = databaseError(said(code, message))
  expect([error.code, error.retryable]).toEqual(['pooler_refused', true])
  expect(`${error.message} ${error.hint}`).toMatch(/pgbouncer.*pool_mode = transaction/)
})

test('a text of others can be stored and shown', () => {
  const { message } = databaseError(
    said('22021', 'a\0b \u001b[31mred\u001b[0m \ud800 \u202eabc\r\n x'),
  )
  expect(message).toContain('a\\x00b \\x1b[31mred\\x1b[0m \\ud800 \\u202eabc x')
})
