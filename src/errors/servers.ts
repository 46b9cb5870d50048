/** What is wrong with the servers behind us, or between us and them. */
import { withExamples } from './examples.ts'
import type { HttpRow } from './row.ts'

export const servers = withExamples({
  postgres_too_old: {
    status: 500,
    kind: 'user',
    message: 'The database is PostgreSQL {version}; Sluice needs 17 or newer.',
    hint: 'COPY … ON_ERROR came with PostgreSQL 17.',
    example: { version: '16.4' },
  },
  database_unavailable: {
    status: 503,
    kind: 'transient',
    message: 'The database does not answer: {problem}.',
    hint: 'Check DATABASE_URL and the server. Ingests under way go on by themselves.',
    example: { problem: 'connect ECONNREFUSED 127.0.0.1:5432' },
  },
  database_login: {
    status: 503,
    kind: 'transient',
    message: 'The database does not let us in: {problem}.',
    hint: 'Check the user, the password and the database in DATABASE_URL. Ingests under way go on by themselves as soon as it does.',
    example: { problem: 'password authentication failed for user "loader" (SQLSTATE 28P01)' },
  },
  database_not_ready: {
    status: 503,
    kind: 'transient',
    message: 'The database cannot do it now: {problem}.',
    hint: 'It is tried again by itself. If it does not pass, look at the server and its log.',
    example: { problem: 'cannot execute INSERT in a read-only transaction (SQLSTATE 25006)' },
  },
  drop_blocked: {
    status: 503,
    kind: 'transient',
    message: 'Something that has to go cannot be dropped: {problem}.',
    hint: 'Drop what depends on it, or point it at another table: the work goes on by itself then. Sluice drops no view of yours.',
    example: {
      problem:
        'cannot drop table trips because other objects depend on it: view daily depends on table trips (SQLSTATE 2BP01)',
    },
  },
  pooler_refused: {
    status: 503,
    kind: 'transient',
    message: 'The pooler in front of the database (pgbouncer) refused it: {problem}.',
    hint: 'Use pool_mode = transaction or session and no options in DATABASE_URL, or let DATABASE_URL lead past the pooler: docs/operating.md.',
    example: { problem: 'unsupported startup parameter: options' },
  },
  database_refused: {
    status: 500,
    kind: 'data',
    message: 'The database refused a statement: {problem}.',
    hint: 'See the message of PostgreSQL.',
    example: { problem: 'permission denied for schema sluice (SQLSTATE 42501)' },
  },
  temporal_unavailable: {
    status: 503,
    kind: 'transient',
    message: 'Temporal does not answer at {address}: {problem}.',
    hint: 'Check TEMPORAL_ADDRESS and the server, and whether it wants TLS: see docs/configuration.md.',
    example: { address: '127.0.0.1:7233', problem: 'connect ECONNREFUSED 127.0.0.1:7233' },
  },
  too_busy: {
    status: 503,
    kind: 'capacity',
    message: 'The database is short of a resource: {problem}.',
    hint: 'The work is tried again by itself.',
    example: { problem: 'sorry, too many clients already (SQLSTATE 53300)' },
  },
  ingest_not_active: {
    status: 409,
    kind: 'data',
    message: 'The ingest {ingestId} takes no more rows: its state is {state}.',
    hint: 'A late attempt was turned away; there is nothing to do.',
    example: { ingestId: 'trips-1', state: 'cancelled' },
  },
  unexpected: {
    status: 500,
    kind: 'transient',
    message: 'Something unexpected happened: {problem}.',
    hint: 'The log of the process has the whole error; of a command, --log-level debug shows it.',
    example: { problem: "EMFILE: too many open files, open '/data/trips.csv'" },
  },
} as const satisfies Record<string, HttpRow>)
