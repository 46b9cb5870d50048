/** How the API shows an ingest: one schema gives the type, the documentation and the reply. */
import { type Static, Type } from 'typebox'
import { oneOf } from '../domain/option.ts'
import { count, orNull, time } from '../domain/schema.ts'
import { phases, states } from '../domain/words.ts'
import type { IngestSummary } from '../postgres/ledger/summary.ts'
import type { FullSpec } from '../spec/spec.ts'
import type { IngestsDeps } from './deps.ts'

export const State = Type.Enum([...states])

export const Links = Type.Object({
  self: Type.String(),
  units: Type.String(),
  rejects: Type.String(),
  events: Type.String(),
  ui: orNull(Type.String({ description: 'The ingest in the Temporal Web UI.' })),
})

const changed = (description: string) =>
  orNull(count(`${description} Null before that, and for modes that only add rows or replace all.`))

const ledgerPart = {
  id: Type.String(),
  partOf: orNull(
    Type.String({ description: 'The ingest with several targets that it is a part of.' }),
  ),
  state: State,
  phase: orNull(Type.Enum([...phases])),
  target: orNull(
    Type.String({ description: 'several with commas; null for an ingest of steps alone.' }),
  ),
  sourceKind: Type.String(),
  files: count('Files of the source.'),
  filesStaged: count('Files that are in the stage.'),
  sizeBytes: orNull(count('Bytes of all files; null before they are listed.')),
  stepsFinished: count('Steps done, over all files.'),
  units: count('Units of the plan.'),
  unitsLoaded: count('Units with a receipt.'),
  rowsRead: count(
    'Always rowsLoaded + rowsRejected + rowsSkipped + rowsFiltered + rowsSuperseded.',
  ),
  rowsLoaded: count('Rows in the landing table, or in the target once it is published.'),
  rowsRejected: count('Rows that could not be taken: see the rejects.'),
  rowsSkipped: count('Rows whose key was there already, and which were to be left out then.'),
  rowsFiltered: count('Rows that the spec leaves out by a condition.'),
  rowsSuperseded: count('Rows that another one with the same key has taken the place of.'),
  rowsInserted: changed('Rows that publish added to the target.'),
  rowsUpdated: changed('Rows of the target that publish changed.'),
  rowsUnchanged: changed('Loaded rows that the target had just so: they were not written.'),
  rowsDeleted: changed('Rows that publish took away from the target.'),
  rowsReloaded: count('How many of the loaded rows were rejects first: a retry loaded them.'),
  columns: orNull(
    Type.Array(
      Type.Object({
        name: Type.String(),
        type: Type.String(),
        nullWords: Type.Optional(
          Type.Array(Type.String(), { description: 'Words of the files that are NULL in it.' }),
        ),
        added: Type.Optional(Type.Boolean({ description: 'The files brought it.' })),
      }),
    ),
  ),
  error: orNull(
    Type.Object({ code: Type.String(), message: Type.String(), hint: orNull(Type.String()) }),
  ),
  undoUntil: orNull(time('Until when it can be taken back; null where it cannot, or is already.')),
  undone: orNull(
    Type.Object(
      {
        at: time('When its rows went.'),
        rowsRemoved: count('Rows of the ingest that went.'),
        rowsRestored: count('Rows that came back as they were before the ingest.'),
        rowsKept: count('Rows that stayed: changed or deleted since, or their key was taken.'),
      },
      { description: 'null where it was not taken back.' },
    ),
  ),
  createdAt: time('When it was entered.'),
  startedAt: orNull(time('When a worker took it up.')),
  publishedAt: orNull(time('When its rows became visible in the target.')),
  endedAt: orNull(time('When it was completed, failed or cancelled.')),
  steps: orNull(Type.Array(Type.String(), { description: 'null when it has none.' })),
  links: Links,
}

const Note = Type.Object({
  code: Type.String(),
  subject: Type.String({ description: 'The column or the file it is about; may be empty.' }),
  message: Type.String(),
  hint: orNull(Type.String({ description: 'What to do about it.' })),
  file: orNull(Type.String()),
  line: orNull(Type.Integer({ description: 'Physical line of the file, counted from 1.' })),
  column: orNull(Type.String()),
  value: orNull(Type.String({ description: 'The first value that led to it.' })),
  count: orNull(count('How many values, rows, lines or files it is about.')),
})

const TargetShown = Type.Object({
  id: Type.String({ description: 'The ingest of the target, which has all else of it.' }),
  target: Type.String(),
  match: Type.String({ description: 'The glob of the files that go there.' }),
  state: State,
  files: count('Files that go there.'),
  rowsRead: count('As in an ingest.'),
  rowsLoaded: count('As in an ingest.'),
  rowsRejected: count('As in an ingest.'),
  error: ledgerPart.error,
})

const CheckShown = Type.Object({
  name: Type.String({ description: 'The check as the command line writes it.' }),
  severity: oneOf('fail', 'warn'),
  passed: Type.Boolean(),
  rowsFailed: orNull(count('Rows that do not meet it; null when it is not about single rows.')),
  message: orNull(Type.String({ description: 'What was found, with the first places.' })),
})

/** As the ledger has it. */
export const Ingest = Type.Object(ledgerPart)
export type Ingest = Static<typeof Ingest>

export const IngestPage = Type.Object({
  ingests: Type.Array(Ingest),
  next: orNull(Type.String()),
})
export type IngestPage = Static<typeof IngestPage>

/** What a request for an ingest is answered with. */
export const Accepted = Type.Object({ id: Type.String(), state: State, links: Links })
export type Accepted = Static<typeof Accepted>

/** With what Temporal knows of one that has not ended: current.ts puts it together. */
export const IngestNow = Type.Object({
  ...ledgerPart,
  spec: Type.Unsafe<FullSpec>({ type: 'object', description: 'With every default filled in.' }),
  notes: Type.Array(Note, {
    description: 'What was guessed, left out or changed, in the order in which it was found.',
  }),
  checks: Type.Array(CheckShown, {
    description:
      'What came of the checks (`expect`), in the order of the spec; none before publish.',
  }),
  targets: Type.Array(TargetShown, {
    description: 'What becomes of each of several targets; empty for an ingest with one.',
  }),
  workflow: orNull(
    Type.Object(
      {
        status: Type.String({ description: 'RUNNING, TERMINATED, …; NOT_FOUND without one.' }),
        runId: orNull(Type.String()),
        historyEvents: Type.Integer(),
      },
      { description: 'null once the ingest has ended, or when Temporal does not answer.' },
    ),
  ),
  retrying: Type.Array(
    Type.Object({ activity: Type.String(), attempt: Type.Integer(), error: Type.String() }),
    { description: 'Activities that failed and are tried again.' },
  ),
  waiting: orNull(
    Type.String({
      description: 'Which task queue it needs that no living worker serves: start one, or wait.',
    }),
  ),
  problem: orNull(
    Type.String({ description: 'Why the ingest will not go on without somebody’s help.' }),
  ),
})
export type IngestNow = Static<typeof IngestNow>

/** What a pause, a resume or a cancel is answered with. */
export const Steered = Type.Object({
  ...IngestNow.properties,
  holds: Type.Boolean({
    description:
      'Whether its workflow has taken it up, and the ledger says so. If not it will, once a ' +
      'worker takes it up and what is at work lets go.',
  }),
})
export type Steered = Static<typeof Steered>

/** What the event stream says of it, again and again. */
export type IngestEvent = Omit<IngestNow, 'spec'>

export function linksOf({ uiUrl, namespace }: IngestsDeps, ingestId: string): Static<typeof Links> {
  const self = `/v1/ingests/${ingestId}`
  const ui = uiUrl && `${uiUrl.replace(/\/$/, '')}/namespaces/${namespace}/workflows/${ingestId}`
  return { self, units: `${self}/units`, rejects: `${self}/rejects`, events: `${self}/events`, ui }
}

const iso = (date: Date | null): string | null => date?.toISOString() ?? null

export function showIngest(deps: IngestsDeps, view: IngestSummary): Ingest {
  const { ingestId, createdAt, startedAt, publishedAt, endedAt, undoUntil, undone, ...rest } = view
  return {
    id: ingestId,
    ...rest,
    undoUntil: iso(undoUntil),
    undone: undone && { ...undone, at: new Date(undone.at).toISOString() },
    createdAt: createdAt.toISOString(),
    startedAt: iso(startedAt),
    publishedAt: iso(publishedAt),
    endedAt: iso(endedAt),
    links: linksOf(deps, ingestId),
  }
}
