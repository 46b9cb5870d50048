/** The ledger's tables of steps: what apps have, and what was done to which file. */
import type { StepPlan } from '../../domain/step.ts'
import type { Phase, State } from '../../domain/words.ts'
import { sluiceError } from '../../errors.ts'
import type { Connection, Db } from '../db.ts'
import { fileColumns, type StagedEntry } from './files.ts'

/** Records an app's steps, so that ingests may name them while no worker of the app runs. */
export async function defineSteps(db: Db, app: string, steps: StepPlan[]): Promise<void> {
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

/** The definitions of those steps that are known by name. */
export async function readStepOrders(
  db: Db | Connection,
  names: string[],
): Promise<Map<string, StepPlan>> {
  const { rows } = await db.query(
    'select step, queue, definition from sluice.step_definitions where step = any($1)',
    [names],
  )
  return new Map(
    rows.map(({ step, queue, definition }) => [step, { step, queue, ...definition } as StepPlan]),
  )
}

export interface StepRef {
  ingestId: string
  fileNo: number
  stepNo: number
}

/** What an attempt must know, in one look. */
export interface StepTask {
  state: State
  phase: Phase | null
  /** Files that steps are for always have a sha256. */
  file: StagedEntry & { sha256: string }
  /** Attempts that threw. */
  failures: number
  finishedAt: Date | null
  /** Whether what it leaves is loaded: no step comes after it, and there is a target. */
  isLoaded: boolean
}

/** @throws ingest_not_found, count_mismatch when the file was never staged */
export async function readStepTask(db: Db, ref: StepRef): Promise<StepTask> {
  const { ingestId, fileNo, stepNo } = ref
  const { rows } = await db.query(
    `select i.state, i.phase, s.failures, s.finished_at as "finishedAt",
            i.spec -> 'target' <> 'null' and jsonb_array_length(i.spec -> 'steps') = $3 + 1
              as "isLoaded",
            f.*
     from sluice.ingests i
     left join lateral (
       select ${fileColumns} from sluice.files
       where ingest_id = i.ingest_id and file_no = $2 and staged_at is not null
     ) f on true
     left join sluice.steps s on s.ingest_id = i.ingest_id and s.file_no = $2 and s.step_no = $3
     where i.ingest_id = $1`,
    [ingestId, fileNo, stepNo],
  )
  if (!rows[0]) throw sluiceError('ingest_not_found', { ingestId })
  const { state, phase, failures, finishedAt, isLoaded, ...file } = rows[0]
  if (file.fileNo === null) {
    throw sluiceError('count_mismatch', { problem: `file ${fileNo} was never staged` })
  }
  return { state, phase, file, failures: failures ?? 0, finishedAt, isLoaded }
}

export interface StepAttempt extends StepRef {
  step: string
  worker: string
  attempt: number
  /** The start by the worker's monotonic clock, `performance.now()`. */
  startMs: number
}

/**
 * Another attempt begins. The first one is not recorded: most often it is the only one.
 * @returns how many have begun, and not thrown
 */
export async function recordStepBegin(db: Db, at: StepAttempt): Promise<number> {
  const { rows } = await db.query(
    `insert into sluice.steps
       (ingest_id, file_no, step_no, step, worker, attempt, started_at, begun)
     values ($1, $2, $3, $4, $5, $6, clock_timestamp() - $7 * interval '1 ms', 1)
     on conflict (ingest_id, file_no, step_no) do update
       set begun = steps.begun + 1, worker = excluded.worker, attempt = excluded.attempt,
           started_at = excluded.started_at
       where steps.finished_at is null
     returning begun - failures as lost`,
    valuesOf(at),
  )
  return rows[0]?.lost ?? 0
}

/** An attempt that could not be one: it does not count among those that were lost. */
export async function takeBackStepBegin(db: Db, ref: StepRef): Promise<void> {
  const { ingestId, fileNo, stepNo } = ref
  await db.query(
    `update sluice.steps set begun = begun - 1
     where ingest_id = $1 and file_no = $2 and step_no = $3 and begun > failures`,
    [ingestId, fileNo, stepNo],
  )
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

/** What a step made of its file. */
export interface NewFile {
  /** Its name in the stage. */
  stagedAs: string
  sizeBytes: number
  sha256: string
  /** Inode and mtime. */
  version: string
}

/**
 * The end of a step: its result, and the file that it made, in one statement and once.
 * @returns `late` when the ingest is over, `second` when another attempt has finished it before
 */
export async function recordStepEnd(
  db: Db,
  at: StepAttempt,
  { result, file }: { result: string | null; file: NewFile | null },
): Promise<'first' | 'second' | 'late'> {
  const { rows } = await db.query(
    `with active as (
       select ingest_id from sluice.ingests where ingest_id = $1 and ended_at is null for key share
     ), finished as (
       insert into sluice.steps
         (ingest_id, file_no, step_no, step, worker, attempt, started_at, result, finished_at)
       select ingest_id, $2, $3, $4, $5, $6, clock_timestamp() - $7 * interval '1 ms', $8,
              clock_timestamp()
       from active
       on conflict (ingest_id, file_no, step_no) do update
         set result = excluded.result, worker = excluded.worker, attempt = excluded.attempt,
             started_at = excluded.started_at, finished_at = excluded.finished_at, error = null
         where steps.finished_at is null
       returning ingest_id, file_no
     ), replaced as (
       update sluice.files f
       set staged_as = $9, size_bytes = $10, sha256 = $11, staged_version = $12, pinned = false
       from finished where f.ingest_id = finished.ingest_id and f.file_no = finished.file_no
         and $9::text is not null
     )
     select (select count(*) from active) as active, (select count(*) from finished) as finished`,
    [...valuesOf(at), result, file?.stagedAs, file?.sizeBytes, file?.sha256, file?.version],
  )
  if (rows[0].finished === 1) return 'first'
  return rows[0].active === 1 ? 'second' : 'late'
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

/** A step of a file that has failed or finished. */
export interface StepView {
  fileNo: number
  file: string
  stepNo: number
  step: string
  worker: string
  attempt: number
  failures: number
  error: string | null
  result: unknown
  startedAt: Date
  finishedAt: Date | null
}

/** A page of steps, by file. */
export async function listSteps(
  db: Db,
  ingestId: string,
  page: { limit: number; after: { fileNo: number; stepNo: number } },
): Promise<StepView[]> {
  const { rows } = await db.query<StepView>(
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
