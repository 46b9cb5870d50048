/** An ingest is taken back: what is asked, and what it comes to. */

export interface UndoInput {
  ingestId: string
  /** For tests: how long a worker may be silent before its work is given to another one. */
  heartbeatMs?: number
}

/**
 * Why a row stays as it is: it is another one since, it is not there any more, or, of a row of before
 * the ingest, another one has its key now.
 */
export type KeptWhy = 'changed' | 'deleted' | 'taken'

/** A row that stays as it is. */
export interface KeptRow {
  /** Its key as PostgreSQL writes it, by column. */
  key: Record<string, unknown>
  why: KeptWhy
}

/**
 * The three buckets: together they are the rows that the ingest inserted, and those of before that it
 * replaced, updated or deleted.
 */
export interface Buckets {
  /** Rows of the ingest that go. */
  rowsRemoved: number
  /** Rows that come back as they were before the ingest. */
  rowsRestored: number
  /** Rows that stay as they are, see `KeptWhy`. */
  rowsKept: number
}

export interface Undone extends Buckets {
  /** The ingest had made the table, which has no other rows: it goes as well. */
  tableDropped: boolean
}

/** Modes that can be taken back. What another one did to rows is not kept. */
export const undoableModes: readonly string[] = ['append', 'replace', 'merge', 'insert', 'sync']

/** So many rows that stay are listed. */
export const keptListedMax = 100

/** No ingest has such an id: its alphabet has no colon. */
export const undoWorkflowId = (ingestId: string): string => `${ingestId}:undo`

/** How long an ingest can be taken back, unless it says otherwise. */
export const keepUsually = '7d'
