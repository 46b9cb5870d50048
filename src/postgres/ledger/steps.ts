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

/** Files of an ingest, one after the other, for one step. */
export interface StepRange {
  ingestId: string
  stepNo: number
  /** The first one. */
  fileNo: number
  files: number
}

/** A step that is to be done for one file. */
export interface StepTask {
  /** Files that steps are for always have a sha256. */
  file: StagedEntry & { sha256: string }
  /** Attempts that threw. */
  failures: number
  /** Attempts that began, without the first one of all. */
  begun: number
  finishedAt: Date | null
}

/** What an attempt must know, in one question. */
export interface StepTasks {
  state: State
  phase: Phase | null
  /** Whether what it leaves is loaded: no step comes after it, and there is a target. */
  isLoaded: boolean
  /** In the order of the files. */
  tasks: StepTask[]
}

/** @throws ingest_not_found, count_mismatch when one of the files was never staged */
export async function readStepTasks(db: Db, range: StepRange): Promise<StepTasks> {
  const { ingestId, stepNo, fileNo, files } = range
  const { rows } = await db.query(
    `select i.state, i.phase, coalesce(s.failures, 0) as failures, coalesce(s.begun, 0) as begun,
            s.finished_at as "finishedAt",
            i.spec -> 'target' <> 'null' and jsonb_array_length(i.spec -> 'steps') = $4 + 1
              as "isLoaded",
            f.*
     from sluice.ingests i
     left join lateral (
       select ${fileColumns} from sluice.files
       where ingest_id = i.ingest_id and file_no >= $2 and file_no < $2 + $3
         and staged_at is not null
     ) f on true
     left join sluice.steps s
       on s.ingest_id = i.ingest_id and s.file_no = f."fileNo" and s.step_no = $4
     where i.ingest_id = $1 order by f."fileNo"`,
    [ingestId, fileNo, files, stepNo],
  )
  const [first] = rows
  if (!first) throw sluiceError('ingest_not_found', { ingestId })
  const tasks = rows.map(({ state, phase, isLoaded, failures, begun, finishedAt, ...file }) => ({
    file,
    failures,
    begun,
    finishedAt,
  }))
  for (let no = 0; no < files; no++) {
    if (tasks[no]?.file.fileNo === fileNo + no) continue
    throw sluiceError('count_mismatch', { problem: `file ${fileNo + no} was never staged` })
  }
  return { state: first.state, phase: first.phase, isLoaded: first.isLoaded, tasks }
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

/** @returns how often it has failed by now; 0 when another attempt has finished it meanwhile */
export async function recordStepFailure(db: Db, at: StepAttempt, error: string): Promise<number> {
  const { rows } = await db.query(
    `insert into sluice.steps
       (ingest_id, file_no, step_no, step, worker, attempt, started_at, failures, error)
     values ($1, $2, $3, $4, $5, $6, clock_timestamp() - $7 * interval '1 ms', 1, $8)
     on conflict (ingest_id, file_no, step_no) do update
       set failures = steps.failures + 1, error = excluded.error, worker = excluded.worker,
           attempt = excluded.attempt, started_at = excluded.started_at
       where steps.finished_at is null
     returning failures`,
    [...valuesOf(at), error],
  )
  return rows[0]?.failures ?? 0
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

/** What an attempt at a step came to. */
export interface StepEnd {
  fileNo: number
  attempt: number
  /** By the worker's monotonic clock, as `StepAttempt.startMs`. */
  startMs: number
  endMs: number
  /** As JSON. */
  result: string | null
  file: NewFile | null
}

/**
 * The ends of one step for several files: results, and the files that were made, in one statement
 * and once.
 * @returns the state of the ingest, null when it is over, and then nothing was recorded; and the files
 *   for which another attempt had not finished the step before
 */
export async function recordStepEnds(
  db: Db,
  { ingestId, stepNo, step, worker }: Pick<StepAttempt, 'ingestId' | 'stepNo' | 'step' | 'worker'>,
  ends: readonly StepEnd[],
): Promise<{ state: State | null; first: number[] }> {
  const nowMs = performance.now()
  const { rows } = await db.query(
    `with active as (
       select ingest_id, state from sluice.ingests
       where ingest_id = $1 and ended_at is null for key share
     ), given as (
       select * from unnest($5::int[], $6::int[], $7::float8[], $8::float8[], $9::jsonb[],
                            $10::text[], $11::bigint[], $12::text[], $13::text[])
         as g (file_no, attempt, started, ended, result, staged_as, size_bytes, sha256, version)
     ), finished as (
       insert into sluice.steps
         (ingest_id, file_no, step_no, step, worker, attempt, started_at, result, finished_at)
       select ingest_id, file_no, $2, $3, $4, attempt,
              clock_timestamp() - started * interval '1 ms', result,
              clock_timestamp() - ended * interval '1 ms'
       from active, given order by file_no
       on conflict (ingest_id, file_no, step_no) do update
         set result = excluded.result, worker = excluded.worker, attempt = excluded.attempt,
             started_at = excluded.started_at, finished_at = excluded.finished_at, error = null
         where steps.finished_at is null
       returning file_no
     ), replaced as (
       update sluice.files f
       set staged_as = g.staged_as, size_bytes = g.size_bytes, sha256 = g.sha256,
           staged_version = g.version, pinned = false
       from finished join given g using (file_no)
       where f.ingest_id = $1 and f.file_no = g.file_no and g.staged_as is not null
     )
     select (select state from active) as state, array(select file_no from finished) as first`,
    [
      ingestId,
      stepNo,
      step,
      worker,
      ends.map(({ fileNo }) => fileNo),
      ends.map(({ attempt }) => attempt),
      ends.map(({ startMs }) => nowMs - startMs),
      ends.map(({ endMs }) => nowMs - endMs),
      ends.map(({ result }) => result),
      ends.map(({ file }) => file?.stagedAs),
      ends.map(({ file }) => file?.sizeBytes),
      ends.map(({ file }) => file?.sha256),
      ends.map(({ file }) => file?.version),
    ],
  )
  return rows[0]
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
