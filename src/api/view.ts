/** How the API shows an ingest: one schema gives the type, the documentation and the reply. */
import { type Static, type TSchema, Type } from 'typebox'
import type { FullSpec } from '../domain/spec.ts'
import { phases, states } from '../domain/words.ts'
import { messageOf } from '../errors.ts'
import { type IngestView, isOver, viewIngest } from '../postgres/ingests.ts'
import { viewWorkflow, type WorkflowView } from '../temporal/ingests.ts'
import type { ApiDeps } from './deps.ts'

const lookTimeoutMs = 2000
/** Between entering an ingest and starting its workflow. */
const startingMs = 15_000

const orNull = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()])
const count = (description: string) => Type.Integer({ minimum: 0, description })
const time = (description: string) => Type.String({ format: 'date-time', description })

export const State = Type.Enum([...states])

export const Links = Type.Object({
  self: Type.String(),
  units: Type.String(),
  rejects: Type.String(),
  events: Type.String(),
  ui: orNull(Type.String({ description: 'The ingest in the Temporal Web UI.' })),
})

const ledgerPart = {
  id: Type.String(),
  state: State,
  phase: orNull(Type.Enum([...phases])),
  target: Type.String(),
  sourceKind: Type.String(),
  files: count('Files of the source.'),
  filesStaged: count('Files that are in the stage.'),
  sizeBytes: orNull(count('Bytes of all files; null before they are listed.')),
  units: count('Units of the plan.'),
  unitsLoaded: count('Units with a receipt.'),
  rowsRead: count('Always rowsLoaded + rowsRejected.'),
  rowsLoaded: count('Rows in the landing table, or in the target once it is published.'),
  rowsRejected: count('Rows that could not be taken: see the rejects.'),
  columns: orNull(Type.Array(Type.Object({ name: Type.String(), type: Type.String() }))),
  error: orNull(
    Type.Object({ code: Type.String(), message: Type.String(), hint: orNull(Type.String()) }),
  ),
  createdAt: time('When it was entered.'),
  startedAt: orNull(time('When a worker took it up.')),
  publishedAt: orNull(time('When its rows became visible in the target.')),
  endedAt: orNull(time('When it was completed, failed or cancelled.')),
  spec: Type.Unsafe<FullSpec>({ type: 'object', description: 'With every default filled in.' }),
  links: Links,
}

/** As the ledger has it. */
export const Ingest = Type.Object(ledgerPart)
export type Ingest = Static<typeof Ingest>

/** With what Temporal knows of one that has not ended. */
export const IngestNow = Type.Object({
  ...ledgerPart,
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
  problem: orNull(
    Type.String({ description: 'Why the ingest will not go on without somebody’s help.' }),
  ),
})
export type IngestNow = Static<typeof IngestNow>

export function linksOf({ uiUrl, namespace }: ApiDeps, ingestId: string): Static<typeof Links> {
  const self = `/v1/ingests/${ingestId}`
  const ui = uiUrl && `${uiUrl.replace(/\/$/, '')}/namespaces/${namespace}/workflows/${ingestId}`
  return { self, units: `${self}/units`, rejects: `${self}/rejects`, events: `${self}/events`, ui }
}

const iso = (date: Date | null): string | null => date?.toISOString() ?? null

export function showIngest(deps: ApiDeps, view: IngestView): Ingest {
  const { ingestId, createdAt, startedAt, publishedAt, endedAt, ...rest } = view
  return {
    id: ingestId,
    ...rest,
    createdAt: createdAt.toISOString(),
    startedAt: iso(startedAt),
    publishedAt: iso(publishedAt),
    endedAt: iso(endedAt),
    links: linksOf(deps, ingestId),
  }
}

/** What Temporal says of an ingest; null when it says nothing. */
export type Look = WorkflowView | { status: 'NOT_FOUND' } | null

export async function look({ temporal, log }: ApiDeps, ingestId: string): Promise<Look> {
  try {
    const deadline = Date.now() + lookTimeoutMs
    const found = await temporal.withDeadline(deadline, () => viewWorkflow(temporal, ingestId))
    return found ?? { status: 'NOT_FOUND' }
  } catch (error) {
    // The ledger's part of the answer is worth having by itself.
    log.debug({ event: 'no look' }, `Temporal does not answer: ${messageOf(error)}`)
    return null
  }
}

export function showNow(deps: ApiDeps, view: IngestView, found: Look): IngestNow {
  const ended = isOver(view.state)
  const known = ended || !found || !('runId' in found) ? null : found
  const missing = found && !known ? { status: 'NOT_FOUND', runId: null, historyEvents: 0 } : null
  return {
    ...showIngest(deps, view),
    workflow: ended ? null : (known && workflowOf(known)) || missing,
    retrying: known?.retrying ?? [],
    problem: problemOf(view, found),
  }
}

const workflowOf = ({ status, runId, historyEvents }: WorkflowView) => ({
  status,
  runId,
  historyEvents,
})

/** The ledger says that it goes on, and Temporal that it does not. */
export function problemOf({ state, createdAt }: IngestView, found: Look): string | null {
  if (isOver(state) || !found || found.status === 'RUNNING') return null
  if (found.status === 'NOT_FOUND') {
    if (Date.now() - createdAt.getTime() < startingMs) return null
    const remedy =
      state === 'queued' ? 'Send the same spec again to start it, or cancel it' : 'Cancel it'
    return `Temporal has no workflow of this ingest. ${remedy}.`
  }
  return `Its workflow is ${found.status} in Temporal, so it will not go on. Cancel it to clean up.`
}

/** The ledger's view, and Temporal's while the ingest has not ended. */
export async function viewNow(deps: ApiDeps, ingestId: string): Promise<IngestNow> {
  const view = await viewIngest(deps.db, ingestId)
  if (isOver(view.state)) return showNow(deps, view, null)
  const found = await look(deps, ingestId)
  // It may have ended while Temporal was asked.
  const settled = found?.status === 'RUNNING' ? view : await viewIngest(deps.db, ingestId)
  return showNow(deps, settled, found)
}
