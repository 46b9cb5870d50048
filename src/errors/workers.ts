/** What is wrong with workers, their commands and their steps. */
import { withExamples } from './examples.ts'
import type { HttpRow } from './row.ts'

export const workers = withExamples({
  worker_not_found: {
    status: 404,
    kind: 'user',
    message: 'There is no worker {worker}.',
    hint: 'See GET /v1/workers, or `sluice inspect workers`, for those that there are.',
    shellHint: 'See `sluice inspect workers` for those that there are.',
    example: { worker: 'loader-3' },
  },
  worker_ambiguous: {
    status: 409,
    kind: 'user',
    message: 'There are several workers {worker}: {instances}.',
    hint: 'Name one of them by its instance.',
    example: {
      worker: 'loader-1',
      instances: 'c1c2e9f4-8d0b-4c57-9d8e-5c0a54a3b7f1, 7be1d0a2-33f6-4f0e-8a1c-92d6f0b7c4e8',
    },
  },
  worker_gone: {
    status: 409,
    kind: 'user',
    message: 'The worker {worker} has been gone since {since}.',
    hint: 'What it had in hand goes to other workers by itself.',
    example: { worker: 'loader-1', since: '2025-01-31T17:04:05.120Z' },
  },
  worker_silent: {
    status: 503,
    kind: 'transient',
    message: 'The worker {worker} fell silent with unit {unitNo} in hand.',
    hint: 'Whether it is dead shows within seconds; then the unit is loaded again by itself.',
    example: { worker: 'loader-1', unitNo: 12 },
  },
  command_unanswered: {
    status: 504,
    kind: 'transient',
    message: 'The worker {worker} has not carried out the command within {seconds} s: {state}.',
    hint: 'A command that was not taken is void; one that was taken still goes on. See `sluice inspect workers`.',
    example: { worker: 'loader-1', seconds: 30, state: 'it took it, and is still at it' },
  },
  command_refused: {
    status: 409,
    kind: 'user',
    message: 'The worker {worker} refused: {problem}.',
    hint: 'See `sluice inspect workers` for what it serves.',
    example: { worker: 'loader-1', problem: 'it does not serve the queue video_tasks' },
  },
  queue_unknown: {
    status: 404,
    kind: 'user',
    message: 'Nobody has served or used the queue {queue} yet.',
    hint: 'See GET /v1/queues, or `sluice queues`, for those that there are.',
    shellHint: 'See `sluice queues` for those that there are.',
    example: { queue: 'video_task' },
  },
  settings_invalid: {
    status: 500,
    kind: 'user',
    message: 'The settings file {file} is not valid: {problem}.',
    hint: 'See docs/configuration.md for what it may say.',
    example: { file: '/etc/sluice.yaml', problem: 'routes[0] lacks queue' },
  },
  app_invalid: {
    status: 500,
    kind: 'user',
    message: 'The app {app} cannot be used: {problem}.',
    hint: 'An app exports steps made with defineStep: see docs/steps.md.',
    example: { app: 'steps/app.ts', problem: 'it exports no step' },
  },
  step_unknown: {
    status: 503,
    kind: 'transient',
    message: 'No worker has ever had a step {step}.',
    hint: 'Start a worker whose --app exports it, or correct the name. The ingest waits for it.',
    example: { step: 'unpack' },
  },
  step_not_here: {
    status: 503,
    kind: 'transient',
    message: 'The worker {worker} took the step {step}, but its app does not have it.',
    hint: 'Every worker of a queue must run an app with all the steps of that queue.',
    example: { worker: 'loader-1', step: 'unpack' },
  },
  step_failed: {
    status: 422,
    kind: 'data',
    message: 'The step {step} failed for {file} (failures: {failures}): {problem}.',
    hint: 'Nothing was published. Correct the file or the step, and start a new ingest.',
    example: {
      step: 'unpack',
      file: '/data/trips.bin',
      failures: 3,
      problem: 'incorrect header check',
    },
  },
  step_result_invalid: {
    status: 422,
    kind: 'data',
    message: 'The step {step} gave a result that cannot be kept: {problem}.',
    hint: 'Return an object with file (in the scratch folder) and result, and JSON of at most 64 KB.',
    example: { step: 'checksum', problem: 'the result has 80213 bytes of JSON' },
  },
  time_limit: {
    status: 504,
    kind: 'transient',
    message: '{what} took longer than its soft time limit of {seconds} s.',
    hint: 'Raise the limit with "timeouts" in the spec or the settings file, or find what holds it up.',
    example: { what: 'loadUnit', seconds: 600 },
  },
} as const satisfies Record<string, HttpRow>)
