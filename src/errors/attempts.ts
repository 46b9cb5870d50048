/** Why an attempt ended that another one follows: in the Temporal Web UI, and under `retrying`. */
import type { LocalRow } from './row.ts'

export const attempts = {
  handed_back: {
    kind: 'transient',
    message: 'The worker leaves, and hands it back.',
    hint: 'Another worker may start it at once; there is nothing to do.',
  },
  step_threw: {
    kind: 'transient',
    message: 'The step {step} threw for {file}: {problem}.',
    hint: 'It is tried again, until {attempts} attempts have thrown.',
  },
} as const satisfies Record<string, LocalRow>
