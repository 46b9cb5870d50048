/**
 * What the janitor looks for: ingests that go on in the ledger while their workflow is over, and
 * what ingests have left behind.
 */
import type { State } from './words.ts'

/** What Temporal says of the workflow of an ingest. */
export type WorkflowStatus =
  | 'open'
  | 'completed'
  | 'failed'
  | 'cancelled'
  | 'terminated'
  | 'timed out'
  | null

/** An ingest of the ledger that has not ended. */
export interface Unended {
  ingestId: string
  /** The ingest that it is a part of: whose workflow runs it; null for one by itself. */
  partOf: string | null
  state: State
  /** Since it was entered. */
  ageMs: number
  /** Since anything was written about it. */
  quietMs: number
}

const hourMs = 60 * 60 * 1000

/**
 * An ingest is entered before its workflow is started, and an API that dies in between leaves it
 * for the same request to start. And a workflow that is not found may exist in another namespace:
 * the ingest is ended only when nothing works on it any more.
 */
const queuedMs = 24 * hourMs
/** Longer than any request waits for its start. */
const unstartedMs = 2 * 60 * 1000
/** An older ingest is not started any more: after half a day that would surprise its user. */
const startableMs = 12 * hourMs
const missingMs = hourMs

/** Whether the workflow of an ingest was never started: the API died, or gave up on the server. */
export const isUnstarted = ({ state, ageMs, partOf }: Unended, status: WorkflowStatus): boolean =>
  partOf === null &&
  status === null &&
  state === 'queued' &&
  ageMs > unstartedMs &&
  ageMs < startableMs

/** How an orphan's workflow ended; null for an ingest that is to be left alone. */
export function orphanOf(ingest: Unended, status: WorkflowStatus): string | null {
  if (status === 'open') return null
  if (status !== null) return inWords[status]
  const isOld = ingest.state === 'queued' ? ingest.ageMs > queuedMs : ingest.quietMs > missingMs
  return isOld ? 'is not there any more' : null
}

const inWords = {
  completed: 'closed',
  failed: 'failed',
  cancelled: 'was cancelled',
  terminated: 'was terminated',
  'timed out': 'timed out',
} as const

/** What is left of an ingest is removed so long after its end. */
export const leftoverMs = hourMs

export interface Orphan {
  ingestId: string
  /** How it has ended now: one that was published is completed. */
  state: State
  /** What became of its workflow. */
  how: string
}

/** What one pass of the janitor found and did. */
export interface Findings {
  /** Ingests that it asked Temporal about. */
  looked: number
  /** Ingests whose workflow it started. Absent in findings of earlier versions. */
  started?: number
  /** Orphans that it ended; the first hundred of them are named. */
  ended: number
  orphans: Orphan[]
  /** Folders of the stage, landing tables and uploads that no ingest owned: removed. */
  folders: number
  tables: number
  uploads: number
  /** Where the next pass begins; null for the beginning. */
  next: string | null
}

/** Names the schedule of a ledger: several ledgers may share a namespace. */
export const janitorId = (ledger: string): string => `sluice-janitor-${ledger.slice(0, 8)}`
