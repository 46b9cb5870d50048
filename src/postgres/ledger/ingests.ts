/** The ledger's table of ingests: one operation a function. */
import type { Column } from '../../domain/columns.ts'
import type { Relied } from '../../domain/relied.ts'
import type { Route } from '../../domain/routes.ts'
import type { FullSpec } from '../../domain/spec.ts'
import type { Counts, Dialect, Outcome, Phase, State } from '../../domain/words.ts'
import { type Note, notesShownMax } from '../../errors/notes.ts'
import { sluiceError } from '../../errors.ts'
import type { Connection, Db } from '../db.ts'
import { readNotes } from './notes.ts'

/** What people see of an ingest in a list. Counts come from the receipts while it runs. */
export interface IngestSummary extends Required<Omit<Counts, 'notes'>> {
  ingestId: string
  state: State
  phase: Phase | null
  /** null: an ingest of steps alone. */
  target: string | null
  sourceKind: string
  spec: FullSpec
  columns: Column[] | null
  sizeBytes: number | null
  filesStaged: number
  /** Over all files. */
  stepsFinished: number
  unitsLoaded: number
  /** Of the rejected ones: publish loads them again, with wider types. */
  rowsToReload: number
  /** Of the loaded ones: they were rejects first, and came with a retry. */
  rowsReloaded: number
  error: Outcome['error']
  createdAt: Date
  startedAt: Date | null
  publishedAt: Date | null
  endedAt: Date | null
}

/** What people see of one ingest. */
export interface IngestView extends IngestSummary {
  /** The first of them, at most `notesShownMax`. */
  notes: Note[]
}

export interface NewIngest {
  ingestId: string
  spec: FullSpec
  target: string | null
  /** The task queue of its workflow; the one that the spec names if left out. */
  queue?: string
  /** Those that are still to be asked: of the spec first, then of the settings file. */
  routes?: Route[]
}

/**
 * Enters an ingest, or finds the one of that id.
 * @returns whether it is new
 * @throws ingest_conflict when the one of that id has another spec
 */
export async function enterIngest(
  db: Db,
  ingest: NewIngest,
): Promise<{ isNew: boolean; state: State }> {
  const { ingestId, spec, target, queue, routes = [] } = ingest
  const entered = await db.query(
    `insert into sluice.ingests (ingest_id, spec, target, source_kind, queue, routes)
     values ($1, $2, $3, $4, $5, $6) on conflict do nothing`,
    [
      ingestId,
      JSON.stringify(spec),
      target,
      spec.source.kind,
      queue ?? spec.queue,
      JSON.stringify(routes),
    ],
  )
  if (entered.rowCount === 1) return { isNew: true, state: 'queued' }
  const { rows } = await db.query(
    'select state, spec = $2::jsonb as same from sluice.ingests where ingest_id = $1',
    [ingestId, JSON.stringify(spec)],
  )
  if (!rows[0]?.same) throw sluiceError('ingest_conflict', { ingestId })
  return { isNew: false, state: rows[0].state }
}

/** What the verbs need of their ingest. */
export interface IngestEntry {
  spec: FullSpec
  target: string | null
  state: State
  /** The task queue of its workflow. */
  queue: string | null
  routes: Route[] | null
  dialect: Dialect | null
  columns: Column[] | null
  landing: string | null
  /** What the plan relied on of a target that existed. */
  relied: Relied | null
  /** The landing table numbers its rows: publish judges the constraints of the target. */
  traced: boolean
  sizeBytes: number | null
  publishedAt: Date | null
}

/** @throws ingest_not_found */
export async function readIngest(db: Db | Connection, ingestId: string): Promise<IngestEntry> {
  const { rows } = await db.query(
    `select spec, target, state, queue, routes, dialect, columns, landing, relied, traced, size_bytes as "sizeBytes",
            published_at as "publishedAt"
     from sluice.ingests where ingest_id = $1`,
    [ingestId],
  )
  if (!rows[0]) throw sluiceError('ingest_not_found', { ingestId })
  return rows[0]
}

/**
 * Locks the ingest against every load and publish under way, and reads it.
 * @throws ingest_not_found
 */
export async function lockIngest(tx: Connection, ingestId: string): Promise<IngestEntry> {
  await tx.query('select from sluice.ingests where ingest_id = $1 for update', [ingestId])
  return readIngest(tx, ingestId)
}

/** The first dialect that is offered holds for all files. */
export async function decideDialect(db: Db, ingestId: string, dialect: Dialect): Promise<Dialect> {
  const { rows } = await db.query(
    `update sluice.ingests set dialect = coalesce(dialect, $2) where ingest_id = $1
     returning dialect`,
    [ingestId, JSON.stringify(dialect)],
  )
  return rows[0].dialect
}

export const isOver = (state: State): boolean =>
  state === 'completed' || state === 'failed' || state === 'cancelled'

/** @throws ingest_not_active when it has ended: a late attempt is turned away */
export function mustBeActive(ingestId: string, { state }: { state: State }): void {
  if (isOver(state)) throw sluiceError('ingest_not_active', { ingestId, state })
}

/**
 * Shows which verb is at work; the first one starts the ingest. It is only for show: where an
 * earlier attempt holds the row, it is left to the verb itself to wait, or to end that attempt.
 */
export async function enterPhase(
  db: Db | Connection,
  ingestId: string,
  phase: Phase,
): Promise<void> {
  await db.query(
    `update sluice.ingests
     set phase = $2, started_at = coalesce(started_at, now()),
         state = case when state = 'queued' then 'running' else state end
     where ended_at is null and ingest_id in (
       select ingest_id from sluice.ingests where ingest_id = $1 for no key update skip locked)`,
    [ingestId, phase],
  )
}

export async function recordListed(
  tx: Connection,
  ingestId: string,
  listed: { files: number; sizeBytes: number; dialect: Dialect | null },
): Promise<void> {
  await tx.query(
    'update sluice.ingests set files = $2, size_bytes = $3, dialect = $4 where ingest_id = $1',
    [ingestId, listed.files, listed.sizeBytes, listed.dialect && JSON.stringify(listed.dialect)],
  )
}

export async function recordPlanned(
  tx: Connection,
  ingestId: string,
  planned: Pick<IngestEntry, 'relied' | 'traced'> & {
    units: number
    columns: Column[]
    landing: string
  },
): Promise<void> {
  await tx.query(
    `update sluice.ingests set units = $2, columns = $3, landing = $4, traced = $5, relied = $6,
            phase = 'load'
     where ingest_id = $1`,
    [
      ingestId,
      planned.units,
      JSON.stringify(planned.columns),
      planned.landing,
      planned.traced,
      planned.relied && JSON.stringify(planned.relied),
    ],
  )
}

/** Columns that have changed since the plan. */
export async function recordColumns(
  tx: Connection,
  ingestId: string,
  columns: readonly Column[],
): Promise<void> {
  await tx.query('update sluice.ingests set columns = $2 where ingest_id = $1', [
    ingestId,
    JSON.stringify(columns),
  ])
}

export async function recordPublished(
  tx: Connection,
  ingestId: string,
  counts: Counts,
): Promise<void> {
  await tx.query(
    `update sluice.ingests
     set published_at = now(), rows_read = $2, rows_loaded = $3, rows_rejected = $4,
         rows_skipped = $5
     where ingest_id = $1`,
    [ingestId, counts.rowsRead, counts.rowsLoaded, counts.rowsRejected, counts.rowsSkipped ?? 0],
  )
}

const view = `
  select i.ingest_id as "ingestId", i.state, i.phase, i.target, i.source_kind as "sourceKind",
         i.spec, i.columns, i.size_bytes as "sizeBytes", i.error,
         i.created_at as "createdAt", i.started_at as "startedAt",
         i.published_at as "publishedAt", i.ended_at as "endedAt",
         coalesce(i.files, 0) as files, coalesce(i.units, 0) as units,
         case when i.units is null then f.staged else coalesce(i.files, 0) end as "filesStaged",
         case when i.spec ? 'steps' then (
           select count(*) from sluice.steps
           where ingest_id = i.ingest_id and finished_at is not null
         ) else 0 end as "stepsFinished",
         coalesce(u.loaded, 0) as "unitsLoaded", coalesce(u.rows_read, 0) as "rowsRead",
         coalesce(u.rows_loaded, 0) as "rowsLoaded",
         coalesce(u.rows_rejected, 0) as "rowsRejected",
         coalesce(u.rows_skipped, 0) as "rowsSkipped",
         coalesce(u.rows_to_reload, 0) as "rowsToReload",
         case when i.published_at is null then 0 else (
           select coalesce(sum(rows_loaded), 0)::bigint from sluice.retries
           where ingest_id = i.ingest_id
         ) end as "rowsReloaded"
  from sluice.ingests i
  left join lateral (
    select count(*) filter (where loaded_at is not null) as loaded,
           sum(rows_read)::bigint as rows_read, sum(rows_loaded)::bigint as rows_loaded,
           sum(rows_rejected)::bigint as rows_rejected,
           sum(rows_skipped)::bigint as rows_skipped,
           (sum(rows_to_reload) filter (where i.ended_at is null))::bigint as rows_to_reload
    from sluice.units where ingest_id = i.ingest_id
  ) u on true
  left join lateral (
    select count(*) as staged from sluice.files
    where i.units is null and ingest_id = i.ingest_id and staged_at is not null
  ) f on true`

/** @throws ingest_not_found */
export async function viewIngest(db: Db, ingestId: string): Promise<IngestView> {
  const { rows } = await db.query(`${view} where i.ingest_id = $1`, [ingestId])
  if (!rows[0]) throw sluiceError('ingest_not_found', { ingestId })
  return { ...rows[0], notes: await readNotes(db, ingestId, notesShownMax) }
}

/** Newest first. `before` is the id behind which the page starts. */
export async function listIngests(
  db: Db,
  page: { limit: number; before: string | null; state: State | null },
): Promise<IngestSummary[]> {
  const { rows } = await db.query(
    `${view}
     where ($2::text is null or i.state = $2)
       and ($3::text is null or (i.created_at, i.ingest_id) <
            (select created_at, ingest_id from sluice.ingests where ingest_id = $3))
     order by i.created_at desc, i.ingest_id desc limit $1`,
    [page.limit, page.state, page.before],
  )
  return rows
}
