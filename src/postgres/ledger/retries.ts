/** The ledger's table of retries: what loaded rejects after all. */

import type { Retried, RetryInput } from '../../domain/retry.ts'
import type { State } from '../../domain/words.ts'
import { isOver } from '../../domain/words.ts'
import { sluiceError } from '../../errors.ts'
import type { FullSpec } from '../../spec/spec.ts'
import type { Connection, Db } from '../db.ts'

export interface RetryView extends Retried {
  retryId: string
  upload: string | null
  worker: string
  attempt: number
  startedAt: Date
  loadedAt: Date
}

const columns = `retry_id as "retryId", upload, rows_tried as "rowsTried", rows_loaded as "rowsLoaded",
  rows_rejected as "rowsRejected", rows_open as "rowsOpen", worker, attempt,
  started_at as "startedAt", loaded_at as "loadedAt"`

/** The retries of an ingest that have committed, in their order. */
export async function listRetries(db: Db | Connection, ingestId: string): Promise<RetryView[]> {
  const { rows } = await db.query(
    `select ${columns} from sluice.retries where ingest_id = $1 order by loaded_at, retry_id`,
    [ingestId],
  )
  return rows
}

/** @returns null as long as it has not committed */
export async function readRetry(
  db: Db | Connection,
  { ingestId, retryId }: Omit<RetryInput, 'upload'>,
): Promise<RetryView | null> {
  const { rows } = await db.query(
    `select ${columns} from sluice.retries where ingest_id = $1 and retry_id = $2`,
    [ingestId, retryId],
  )
  return rows[0] ?? null
}

/** The last statement of its transaction but the commit. */
export async function recordRetry(
  tx: Connection,
  { ingestId, retryId, upload }: RetryInput,
  retried: Retried,
  by: { worker: string; attempt: number; tookMs: number },
): Promise<void> {
  await tx.query(
    `update sluice.ingests set rows_loaded = rows_loaded + $2, rows_rejected = rows_rejected - $2
     where ingest_id = $1`,
    [ingestId, retried.rowsLoaded],
  )
  await tx.query(
    `insert into sluice.retries
       (ingest_id, retry_id, upload, rows_tried, rows_loaded, rows_rejected, rows_open, worker, attempt,
        started_at, loaded_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9,
             clock_timestamp() - $10 * interval '1 ms', clock_timestamp())`,
    [
      ingestId,
      retryId,
      upload?.name ?? null,
      retried.rowsTried,
      retried.rowsLoaded,
      retried.rowsRejected,
      retried.rowsOpen,
      by.worker,
      by.attempt,
      by.tookMs,
    ],
  )
}

/**
 * Only what was published has a target that rows can be added to.
 * @throws retry_too_early, retry_unpublished, rejects_none_open
 */
export function mustBeRetryable(
  ingestId: string,
  { state, spec, open }: { state: State; spec: FullSpec; open: number },
): void {
  if (!isOver(state)) throw sluiceError('retry_too_early', { ingestId, state })
  if (state !== 'completed') throw sluiceError('retry_unpublished', { ingestId, state })
  if (!spec.target || open === 0) throw sluiceError('rejects_none_open', { ingestId })
}

/** Columns that the open rejects have values for. */
export async function columnsOfOpen(tx: Connection, ingestId: string): Promise<string[]> {
  const { rows } = await tx.query(
    `select distinct name
     from sluice.units, jsonb_array_elements_text(
       (unit -> 'columns') || jsonb_path_query_array(unit, '$.constants[*].column'))
       with ordinality as field (name, no)
     where ingest_id = $1 and rows_rejected > 0
       and not coalesce(unit -> 'dropped', '[]') @> to_jsonb(no - 1) order by name`,
    [ingestId],
  )
  return rows.map(({ name }) => name)
}
