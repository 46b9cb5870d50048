/** What keeps an ingest from being taken back, and rows from being traced. */
import { withExamples } from './examples.ts'
import type { HttpRow } from './row.ts'

export const undo = withExamples({
  undo_not_asked: {
    status: 409,
    kind: 'user',
    message: 'The ingest {ingestId} cannot be taken back: it did not ask for that.',
    hint: 'Nothing was kept that tells its rows from others. Ask for it the next time with `sluice ingest --undo` (`target.undo` of the spec).',
    example: { ingestId: 'trips-1' },
  },
  undo_too_early: {
    status: 409,
    kind: 'user',
    message: 'The ingest {ingestId} is still under way: {state}.',
    hint: 'End it with `sluice cancel {ingestId}`, or take it back once it is completed.',
    example: { ingestId: 'trips-1', state: 'running' },
  },
  undo_unpublished: {
    status: 409,
    kind: 'user',
    message: 'There is nothing to take back of the ingest {ingestId}: its state is {state}.',
    hint: 'Nothing was changed. Only an ingest that is completed can be taken back: see `sluice status {ingestId}`.',
    example: { ingestId: 'trips-1', state: 'failed' },
  },
  undo_expired: {
    status: 409,
    kind: 'user',
    message: 'The ingest {ingestId} cannot be taken back any more: the time for that has passed.',
    hint: 'Its rows stay. The time is that of `sluice ingest --undo --keep 30d` (`target.keep` of the spec).',
    example: { ingestId: 'trips-1' },
  },
  undo_impossible: {
    status: 409,
    kind: 'user',
    message: 'The ingest {ingestId} cannot be taken back from {table}: {problem}.',
    hint: 'Nothing was changed. Where the reason can be taken away, ask again: `sluice undo {ingestId}`. If not, correct the table with SQL.',
    example: {
      ingestId: 'trips-1',
      table: 'public.trips',
      problem: 'another table has its name now',
    },
  },
  table_unknown: {
    status: 404,
    kind: 'user',
    message: 'No ingest has {table} as its target, or there is no such table.',
    hint: 'Run `sluice list`: it shows the targets of ingests.',
    example: { table: 'public.trips' },
  },
  undo_not_found: {
    status: 404,
    kind: 'user',
    message: 'Nobody has asked for the ingest {ingestId} to be taken back.',
    hint: 'Ask for it with POST /v1/ingests/{ingestId}/undo.',
    shellHint: 'Ask for it with `sluice undo ID`.',
    example: { ingestId: 'trips-1' },
  },
} as const satisfies Record<string, HttpRow>)
