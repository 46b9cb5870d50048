/** What a command of `sluice` says of itself, before or beside what the API answers. */
import { withExamples } from './examples.ts'
import type { LocalRow } from './row.ts'

export const commandLine = withExamples({
  usage_invalid: {
    kind: 'user',
    exitCode: 2,
    message: '{problem}.',
    hint: 'See `{command} --help`.',
    example: { problem: 'The target is missing: --into schema.table', command: 'sluice ingest' },
  },
  output_failed: {
    kind: 'user',
    message: 'What the command printed could not be written: {problem}.',
    hint: 'What it did is done; only its output is missing. Make room, and ask again: `sluice list`.',
    example: { problem: 'ENOSPC: no space left on device, write' },
  },
  variable_invalid: {
    kind: 'user',
    message: '{name} is {value}: {problem}.',
    hint: 'It is an environment variable: see docs/configuration.md.',
    example: { name: 'SLUICE_PORT', value: '30000s', problem: 'give a number from 0 to 65535' },
  },
  temporal_settings_invalid: {
    kind: 'user',
    message: 'The settings for Temporal are not valid: {problem}.',
    hint: 'They are the variables that begin with TEMPORAL_, or a profile of temporal.toml: see docs/configuration.md.',
    example: {
      problem:
        "the client key cannot be read: ENOENT: no such file or directory, open '/etc/temporal/client.key'",
    },
  },
  setting_missing: {
    kind: 'user',
    message: '{name} is not set, and no Sluice is up in {home}.',
    hint: 'Set {name}={example}, or start Sluice in this folder with `npm start`.',
    example: { name: 'TEMPORAL_ADDRESS', home: '/srv/shop/.sluice', example: 'host:7233' },
  },
  sample_rejected: {
    kind: 'data',
    message:
      '{rejected} of the first {read} records would be rejects; {allowed} are allowed. The first: {first}.',
    hint: 'An ingest that fails publishes nothing. {likely} To load the others all the same: `--max-rejects 100%`.',
    example: {
      rejected: 9,
      read: 15,
      allowed: 7,
      first: 'trips.csv line 2, column fare: not a valid numeric: "12,50"',
      likely: 'The numbers in fare may be read with `--decimal ,`.',
    },
  },
  api_unknown: {
    kind: 'user',
    message: 'No API is known here.',
    hint: 'Start Sluice in this folder with `npm start` (or `sluice up`), or set SLUICE_API to the address of an API, like http://127.0.0.1:3000.',
  },
  api_unavailable: {
    kind: 'transient',
    message: 'The API does not answer at {url}: {problem}.',
    hint: 'Is it running? Its address comes from SLUICE_API, or from a running `sluice up`.',
    example: { url: 'http://127.0.0.1:3000', problem: 'connect ECONNREFUSED 127.0.0.1:3000' },
  },
  file_missing: {
    kind: 'user',
    message: 'There is no file at {path}.',
    hint: 'Name a file, a folder or a glob.',
    example: { path: 'trips.csv' },
  },
  no_worker: {
    kind: 'transient',
    message: 'No worker is running.',
    hint: 'Start one: `sluice worker`. Those that are gone: `sluice inspect workers --all`.',
  },
  worker_unnamed: {
    kind: 'user',
    exitCode: 2,
    message: 'Several workers are running: {workers}.',
    hint: 'Say which one you mean with --worker NAME, or that you mean every one with --all.',
    example: { workers: 'loader-1, loader-2' },
  },
  namespace_unknown: {
    kind: 'user',
    message: 'Temporal at {address} has no namespace {namespace}.',
    hint: 'Make it: `temporal operator namespace create`, or set TEMPORAL_NAMESPACE to another one.',
    example: { address: '127.0.0.1:7233', namespace: 'shop' },
  },
  autoscale_one_queue: {
    kind: 'user',
    message: '--autoscale is for one queue.',
    hint: 'Give the others a limit of their own: video_tasks:2.',
  },
  port_taken: {
    kind: 'user',
    message: 'Port {port} of {host} is taken.',
    hint: 'Take another one: --port, or SLUICE_PORT.',
    example: { port: 3000, host: '127.0.0.1' },
  },
  listen_refused: {
    kind: 'user',
    message: 'The API cannot listen on port {port} of {host}: {problem}.',
    hint: 'Take another address of this machine: --host and --port, or SLUICE_HOST and SLUICE_PORT.',
    example: {
      port: 3000,
      host: '203.0.113.1',
      problem: 'listen EADDRNOTAVAIL: address not available 203.0.113.1:3000',
    },
  },
  metrics_refused: {
    kind: 'user',
    message: 'The worker cannot show metrics on {host}:{port}: {problem}.',
    hint: 'Take another address with --metrics: a worker needs a port of its own.',
    example: {
      host: '127.0.0.1',
      port: 9464,
      problem: 'listen EADDRINUSE: address already in use 127.0.0.1:9464',
    },
  },
  part_ended: {
    kind: 'transient',
    message: '{part} ended by itself ({how}).',
    hint: 'Its log: {log}. Everything else was stopped; start again when the cause is gone.',
    example: { part: 'Temporal', how: 'SIGKILL', log: '/srv/shop/.sluice/logs/temporal.log' },
  },
} as const satisfies Record<string, LocalRow>)
