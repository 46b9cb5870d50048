/** What is wrong with a source that lies on a server, or with a connection to one. */
import { withExamples } from './examples.ts'
import type { HttpRow } from './row.ts'

export const remote = withExamples({
  url_invalid: {
    status: 400,
    kind: 'user',
    exitCode: 2,
    message: 'The address {url} cannot be used: {problem}.',
    hint: 'Write it as in https://data.example/trips.csv, or s3://exports/2026/*.csv. A login belongs in a connection: see docs/configuration.md.',
    example: {
      url: 'https://data.example/trips.csv',
      problem: 'it has a user or a password in it, which belong in a connection',
    },
  },
  source_refused: {
    status: 422,
    kind: 'user',
    message: 'The server of {file} does not give it: {problem}.',
    hint: 'Is the address right, and still valid? A server that asks for a login needs a connection: see docs/http.md.',
    example: { file: 'https://data.example/trips.csv', problem: 'it answers 404 Not Found' },
  },
  source_unavailable: {
    status: 503,
    kind: 'transient',
    message: 'The server of {file} does not deliver it: {problem}.',
    hint: 'An ingest asks again by itself, and goes on when the server does. Cancel it if that will not be.',
    example: {
      file: 'https://data.example/trips.csv',
      problem: 'it answers 503 Service Unavailable',
    },
  },
  store_refused: {
    status: 422,
    kind: 'user',
    message: 'The store of {file} does not give it: {problem}.',
    hint: 'What helps: {next}. See docs/s3.md.',
    example: {
      file: 's3://exports/2026/trips.csv',
      problem: 'there is no such bucket: it answers 404 NoSuchBucket',
      next: 'correct its name; another store needs a connection',
    },
  },
  address_not_allowed: {
    status: 403,
    kind: 'user',
    message: 'The host {host} is at {address}, which is no address of the public internet.',
    hint: 'If ingests may read there, set SLUICE_ALLOW_PRIVATE_ADDRESSES on the workers to its network, like 10.0.0.0/8.',
    example: { host: 'metadata.example', address: '169.254.169.254' },
  },
  url_list_invalid: {
    status: 422,
    kind: 'data',
    message: 'The list of addresses {file} cannot be used: {problem}.',
    hint: 'It is text in UTF-8 with one address a line, like https://data.example/trips.csv.',
    example: { file: '/data/urls.txt', problem: 'line 12 is no URL' },
  },
  connection_unknown: {
    status: 422,
    kind: 'user',
    message: 'There is no connection {name} here. Known are {known}.',
    hint: 'Every worker needs it, in its settings file, a variable or a mounted file: see docs/configuration.md. `sluice connections` lists those of a machine.',
    example: { name: 'warehouse', known: 'exports, lake' },
  },
  connection_invalid: {
    status: 422,
    kind: 'user',
    message: 'The connection {name} is not valid: {problem}.',
    hint: 'See docs/configuration.md for what it may say, and check it with `sluice connections test {name}`.',
    example: { name: 'warehouse', problem: 'it lacks url' },
  },
} as const satisfies Record<string, HttpRow>)
