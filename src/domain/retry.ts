/** A retry: rejects of an ingest that was published are loaded again. */

export interface RetryInput {
  ingestId: string
  /** Unique within the ingest; the workflow's id is `<ingest id>.<retry id>`. */
  retryId: string
  /** The corrections; null: the rejects are tried as they are. */
  upload: { name: string; sha256: string } | null
  /** For tests: how long a worker may be silent before its work is given to another one. */
  heartbeatMs?: number
}

/** What its transaction recorded. */
export interface Retried {
  /** Always `rowsLoaded + rowsRejected`. */
  rowsTried: number
  rowsLoaded: number
  rowsRejected: number
  /** Rejects of the ingest that are still open. */
  rowsOpen: number
}

/**
 * The same as long as no retry has loaded anything: a repeated request gets the same retry.
 * @param done retries of the ingest that have committed
 */
export const retryIdOf = (done: number, upload: RetryInput['upload']): string =>
  `retry-${done + 1}${upload ? `-${upload.sha256.slice(0, 8)}` : ''}`

export const retryWorkflowId = ({ ingestId, retryId }: Omit<RetryInput, 'upload'>): string =>
  `${ingestId}.${retryId}`
