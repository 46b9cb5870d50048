/** What a command of `sluice` says of itself, before or beside what the API answers. */
import type { LocalRow } from './row.ts'

export const commandLine = {
  usage_invalid: {
    kind: 'user',
    exitCode: 2,
    message: '{problem}.',
    hint: 'See `{command} --help`.',
  },
  variable_invalid: {
    kind: 'user',
    message: '{name} is {value}: {problem}.',
    hint: 'It is an environment variable: see docs/configuration.md.',
  },
  temporal_settings_invalid: {
    kind: 'user',
    message: 'The settings for Temporal do not hold: {problem}.',
    hint: 'They are the variables that begin with TEMPORAL_, or a profile of temporal.toml: see docs/configuration.md.',
  },
  setting_missing: {
    kind: 'user',
    message: '{name} is not set, and no Sluice is up in {home}.',
    hint: 'Set {name}={example}, or start Sluice in this folder with `npm start`.',
  },
  sample_rejected: {
    kind: 'data',
    message:
      '{rejected} of the first {read} records would be rejects; {allowed} are allowed. The first: {first}.',
    hint: 'An ingest that fails publishes nothing. {likely} To load the others all the same: `--max-rejects 100%`.',
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
  },
  file_missing: {
    kind: 'user',
    message: 'There is no file at {path}.',
    hint: 'Name a file, a folder or a glob.',
  },
  no_worker: {
    kind: 'transient',
    message: 'No worker lives.',
    hint: 'Start one: `sluice worker`. Those that are gone: `sluice inspect workers --all`.',
  },
  worker_unnamed: {
    kind: 'user',
    exitCode: 2,
    message: 'Several workers live: {workers}.',
    hint: 'Say which one you mean with --worker NAME, or that you mean every one with --all.',
  },
  namespace_unknown: {
    kind: 'user',
    message: 'Temporal at {address} has no namespace {namespace}.',
    hint: 'Make it: `temporal operator namespace create`, or set TEMPORAL_NAMESPACE to another one.',
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
  },
  listen_refused: {
    kind: 'user',
    message: 'The API cannot listen on port {port} of {host}: {problem}.',
    hint: 'Take another address of this machine: --host and --port, or SLUICE_HOST and SLUICE_PORT.',
  },
  metrics_refused: {
    kind: 'user',
    message: 'The worker cannot show metrics on {host}:{port}: {problem}.',
    hint: 'Take another address with --metrics: a worker needs a port of its own.',
  },
  part_ended: {
    kind: 'transient',
    message: '{part} ended by itself ({how}).',
    hint: 'Its log: {log}. Everything else was stopped; start again when the cause is gone.',
  },
} as const satisfies Record<string, LocalRow>
