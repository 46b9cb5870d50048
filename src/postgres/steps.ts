/** The ledger's tables of steps: what apps have, and what was done to which file. */
import type { StepOrder } from '../domain/step.ts'
import type { Connection, Db } from './db.ts'

/** Notes what an app has, so that ingests may name it while none of its workers runs. */
export async function defineSteps(db: Db, app: string, steps: StepOrder[]): Promise<void> {
  await db.query(
    `insert into sluice.step_definitions (step, queue, definition, app)
     select d ->> 'step', d ->> 'queue', d - 'step' - 'queue', $2
     from unnest($1::jsonb[]) as d
     on conflict (step) do update
       set queue = excluded.queue, definition = excluded.definition, app = excluded.app,
           defined_at = now()
     where (step_definitions.queue, step_definitions.definition, step_definitions.app)
       is distinct from (excluded.queue, excluded.definition, excluded.app)`,
    [steps.map((step) => JSON.stringify(step)), app],
  )
}

/** Those of the names that are known. */
export async function readStepOrders(
  db: Db | Connection,
  names: string[],
): Promise<Map<string, StepOrder>> {
  const { rows } = await db.query(
    'select step, queue, definition from sluice.step_definitions where step = any($1)',
    [names],
  )
  return new Map(
    rows.map(({ step, queue, definition }) => [step, { step, queue, ...definition } as StepOrder]),
  )
}

export interface StepRef {
  ingestId: string
  fileNo: number
  stepNo: number
}

export interface StepEntry {
  failures: number
  finishedAt: Date | null
}

/** @returns null as long as it has neither failed nor finished */
export async function readStep(db: Db, ref: StepRef): Promise<StepEntry | null> {
  const { rows } = await db.query(
    `select failures, finished_at as "finishedAt" from sluice.steps
     where ingest_id = $1 and file_no = $2 and step_no = $3`,
    [ref.ingestId, ref.fileNo, ref.stepNo],
  )
  return rows[0] ?? null
}

export interface StepAttempt extends StepRef {
  step: string
  worker: string
  attempt: number
  /** Of the worker's clock that only runs: `performance.now()`. */
  startMs: number
}

/** @returns how often it has failed by now */
export async function recordStepFailure(db: Db, at: StepAttempt, error: string): Promise<number> {
  const { rows } = await db.query(
    `insert into sluice.steps
       (ingest_id, file_no, step_no, step, worker, attempt, started_at, failures, error)
     values ($1, $2, $3, $4, $5, $6, clock_timestamp() - $7 * interval '1 ms', 1, $8)
     on conflict (ingest_id, file_no, step_no) do update
       set failures = steps.failures + 1, error = excluded.error, worker = excluded.worker,
           attempt = excluded.attempt, started_at = excluded.started_at
     returning failures`,
    [...valuesOf(at), error],
  )
  return rows[0].failures
}

/** @returns false when another attempt has finished it before */
export async function recordStepEnd(
  tx: Connection,
  at: StepAttempt,
  result: string | null,
): Promise<boolean> {
  const { rowCount } = await tx.query(
    `insert into sluice.steps
       (ingest_id, file_no, step_no, step, worker, attempt, started_at, result, finished_at)
     values ($1, $2, $3, $4, $5, $6, clock_timestamp() - $7 * interval '1 ms', $8,
             clock_timestamp())
     on conflict (ingest_id, file_no, step_no) do update
       set result = excluded.result, worker = excluded.worker, attempt = excluded.attempt,
           started_at = excluded.started_at, finished_at = excluded.finished_at, error = null
       where steps.finished_at is null`,
    [...valuesOf(at), result],
  )
  return rowCount === 1
}

const valuesOf = (at: StepAttempt) => [
  at.ingestId,
  at.fileNo,
  at.stepNo,
  at.step,
  at.worker,
  at.attempt,
  performance.now() - at.startMs,
]

/** A page of steps, by file. */
export async function listSteps(
  db: Db,
  ingestId: string,
  page: { limit: number; after: { fileNo: number; stepNo: number } },
): Promise<Record<string, unknown>[]> {
  const { rows } = await db.query(
    `select s.file_no as "fileNo", f.name as file, s.step_no as "stepNo", s.step, s.worker,
            s.attempt, s.failures, s.error, s.result, s.started_at as "startedAt",
            s.finished_at as "finishedAt"
     from sluice.steps s join sluice.files f using (ingest_id, file_no)
     where ingest_id = $1 and (s.file_no, s.step_no) > ($2, $3)
     order by s.file_no, s.step_no limit $4`,
    [ingestId, page.after.fileNo, page.after.stepNo, page.limit],
  )
  return rows
}
