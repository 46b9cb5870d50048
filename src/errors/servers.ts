/** What is wrong with the servers behind us, or between us and them. */
import type { HttpRow } from './row.ts'

export const servers = {
  postgres_too_old: {
    status: 500,
    kind: 'user',
    message: 'The database is PostgreSQL {version}; Sluice needs 17 or newer.',
    hint: 'COPY … ON_ERROR came with PostgreSQL 17.',
  },
  database_unavailable: {
    status: 503,
    kind: 'transient',
    message: 'The database does not answer: {problem}.',
    hint: 'Check DATABASE_URL and the server. Ingests under way go on by themselves.',
  },
  database_login: {
    status: 503,
    kind: 'transient',
    message: 'The database does not let us in: {problem}.',
    hint: 'Check the user, the password and the database in DATABASE_URL. Ingests under way go on by themselves as soon as it does.',
  },
  database_not_ready: {
    status: 503,
    kind: 'transient',
    message: 'The database cannot do it now: {problem}.',
    hint: 'It is tried again by itself. If it does not pass, look at the server and its log.',
  },
  drop_blocked: {
    status: 503,
    kind: 'transient',
    message: 'Something that has to go cannot be dropped: {problem}.',
    hint: 'Drop what depends on it, or point it at another table: the work goes on by itself then. Sluice drops no view of yours.',
  },
  pooler_refused: {
    status: 503,
    kind: 'transient',
    message: 'The pooler in front of the database (pgbouncer) refused it: {problem}.',
    hint: 'Use pool_mode = transaction or session and no options in DATABASE_URL, or let DATABASE_URL lead past the pooler: docs/operating.md.',
  },
  database_refused: {
    status: 500,
    kind: 'data',
    message: 'The database refused a statement: {problem}.',
    hint: 'See the message of PostgreSQL.',
  },
  temporal_unavailable: {
    status: 503,
    kind: 'transient',
    message: 'Temporal does not answer at {address}: {problem}.',
    hint: 'Check TEMPORAL_ADDRESS and the server, and whether it wants TLS: see docs/configuration.md.',
  },
  too_busy: {
    status: 503,
    kind: 'capacity',
    message: 'The database is short of a resource: {problem}.',
    hint: 'The work is tried again by itself.',
  },
  ingest_not_active: {
    status: 409,
    kind: 'data',
    message: 'The ingest {ingestId} is {state}: its landing table takes no more rows.',
    hint: 'A late attempt was turned away; there is nothing to do.',
  },
  unexpected: {
    status: 500,
    kind: 'transient',
    message: 'Something unexpected happened: {problem}.',
    hint: 'The log of the process has the whole error; of a command, --log-level debug shows it.',
  },
} as const satisfies Record<string, HttpRow>
