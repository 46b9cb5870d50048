/**
 * The settings that our statements rely on, whatever the role and the database are set to.
 *
 * They belong to each transaction: behind a pooler the next one has another session. A session that
 * is ours alone has them too, for single statements.
 */
import pg from 'pg'

const settings = {
  // How long something takes is for the time limits of an ingest to say.
  statement_timeout: '0',
  lock_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  idle_session_timeout: '0',
  // The server notices that a client is gone while a statement runs.
  client_connection_check_interval: '2s',
  // Without a stated order 01/02/2024 is ambiguous: it could be in January or in February.
  datestyle: 'ISO, YMD',
  intervalstyle: 'postgres',
  // Parameters and answers that are read by their form: the null of an array, bytes, names of types.
  array_nulls: 'on',
  bytea_output: 'hex',
  quote_all_identifiers: 'off',
  standard_conforming_strings: 'on',
  transform_null_equals: 'off',
  // COPY tells of the rows that it skips by NOTICEs.
  client_min_messages: 'notice',
}

/** As SQL: a `select` that sets them all. */
const select = (local: boolean): string =>
  [
    'select pg_backend_pid() as pid',
    ...Object.entries(settings).map(([name, value]) => set(name, value, local)),
    // PostgreSQL 17 brought it; an older one is refused in words of our own.
    `case when current_setting('transaction_timeout', true) is not null then ${set('transaction_timeout', '0', local)} end`,
    // A receipt that a crash of the server takes back would be believed by Temporal.
    `case when current_setting('synchronous_commit') = 'off' then ${set('synchronous_commit', 'on', local)} end`,
    // NOTICEs are read by their words. Where a role may not ask for English, notice.ts copes.
    `case when has_parameter_privilege('lc_messages', 'set') then ${set('lc_messages', 'C', local)} end`,
  ].join(', ')

const set = (name: string, value: string, local: boolean): string =>
  `set_config(${pg.escapeLiteral(name)}, ${pg.escapeLiteral(value)}, ${local})`

const ofSession = select(false)
const ofTransaction = select(true)

/** For a new connection. A pooler shows an id of its own: its sessions are not ours to set. */
export const sessionText = (processId: number): string =>
  `${ofSession} where pg_backend_pid() = ${Number(processId)}`

/** Begins a transaction in one round trip: what it relies on, and how it shows itself. */
export function beginText({
  name,
  unitNo,
  lockTimeoutMs,
}: {
  name?: string | undefined
  unitNo?: number | undefined
  lockTimeoutMs?: number | undefined
}): string {
  const own = [
    ...(name === undefined ? [] : [set('application_name', name, true)]),
    set('sluice.unit', String(unitNo ?? ''), true),
    ...(lockTimeoutMs === undefined ? [] : [set('lock_timeout', String(lockTimeoutMs), true)]),
  ]
  return `begin isolation level read committed; ${[ofTransaction, ...own].join(', ')}`
}
