/** Why an attempt ended that another one follows: in the Temporal Web UI, and under `retrying`. */
import { withExamples } from './examples.ts'
import type { LocalRow } from './row.ts'

export const attempts = withExamples({
  attempt_lost: {
    kind: 'transient',
    message: 'The worker was held up for so long that this attempt at {what} counts as lost.',
    hint: 'It is tried again by itself. A worker that has no time to answer has too much to do, or too little CPU.',
    example: { what: 'loadUnit' },
  },
  worker_died: {
    kind: 'transient',
    message: 'The worker {worker} died: it had been silent for {seconds} s.',
    hint: 'Another worker starts it at once; there is nothing to do.',
    example: { worker: 'loader-1', seconds: 3 },
  },
  ingest_paused: {
    kind: 'transient',
    message: 'The ingest {ingestId} is paused.',
    hint: 'It goes on with `sluice resume {ingestId}`.',
    example: { ingestId: 'trips-1' },
  },
  handed_back: {
    kind: 'transient',
    message: 'The worker leaves, and hands the task back.',
    hint: 'Another worker may start it at once; there is nothing to do.',
  },
  step_threw: {
    kind: 'transient',
    message: 'The step {step} threw for {file}: {problem}.',
    hint: 'It is tried again, until {attempts} attempts have thrown.',
    example: {
      step: 'unpack',
      file: '/data/trips.bin',
      problem: 'incorrect header check',
      attempts: 3,
    },
  },
} as const satisfies Record<string, LocalRow>)
