/** What is wrong with workers, their commands and their steps. */
import type { HttpRow } from './row.ts'

export const workers = {
  worker_not_found: {
    status: 404,
    kind: 'user',
    message: 'There is no worker {worker}.',
    hint: 'See GET /v1/workers, or `sluice inspect workers`, for those that there are.',
    shellHint: 'See `sluice inspect workers` for those that there are.',
  },
  worker_ambiguous: {
    status: 409,
    kind: 'user',
    message: 'There are several workers {worker}: {instances}.',
    hint: 'Name one of them by its instance.',
  },
  worker_gone: {
    status: 409,
    kind: 'user',
    message: 'The worker {worker} is gone since {since}.',
    hint: 'What it had in hand goes to other workers by itself.',
  },
  worker_silent: {
    status: 503,
    kind: 'transient',
    message: 'The worker {worker} fell silent with unit {unitNo} in hand.',
    hint: 'Whether it is dead shows within seconds; then the unit is loaded again by itself.',
  },
  command_unanswered: {
    status: 504,
    kind: 'transient',
    message: 'The worker {worker} has not done it within {seconds} s: {state}.',
    hint: 'A command that was not taken is void; one that was taken still goes on. See `sluice inspect workers`.',
  },
  command_refused: {
    status: 409,
    kind: 'user',
    message: 'The worker {worker} refused: {problem}.',
    hint: 'See `sluice inspect workers` for what it serves.',
  },
  queue_unknown: {
    status: 404,
    kind: 'user',
    message: 'Nobody has served or used the queue {queue} yet.',
    hint: 'See GET /v1/queues, or `sluice queues`, for those that there are.',
    shellHint: 'See `sluice queues` for those that there are.',
  },
  settings_invalid: {
    status: 500,
    kind: 'user',
    message: 'The settings file {file} is not valid: {problem}.',
    hint: 'See docs/configuration.md for what it may say.',
  },
  app_invalid: {
    status: 500,
    kind: 'user',
    message: 'The app {app} cannot be used: {problem}.',
    hint: 'An app exports steps made with defineStep: see docs/steps.md.',
  },
  step_unknown: {
    status: 503,
    kind: 'transient',
    message: 'No worker has ever had a step {step}.',
    hint: 'Start a worker whose --app exports it, or correct the name. The ingest waits for it.',
  },
  step_not_here: {
    status: 503,
    kind: 'transient',
    message: 'The worker {worker} took the step {step}, but its app does not have it.',
    hint: 'Every worker of a queue must run an app with all the steps of that queue.',
  },
  step_failed: {
    status: 422,
    kind: 'data',
    message: 'The step {step} failed for {file} (failures: {failures}): {problem}.',
    hint: 'Nothing was published. Correct the file or the step, and start a new ingest.',
  },
  step_result_invalid: {
    status: 422,
    kind: 'data',
    message: 'The step {step} gave a result that cannot be kept: {problem}.',
    hint: 'Return an object with file (in the scratch folder) and result, and JSON of at most 64 KB.',
  },
  time_limit: {
    status: 504,
    kind: 'transient',
    message: '{what} took longer than its soft time limit of {seconds} s.',
    hint: 'Raise the limit with "timeouts" in the spec or the settings file, or find what holds it up.',
  },
} as const satisfies Record<string, HttpRow>
