/** Ingests as people see them in lists, and as they come along. */
import type { Column } from '../../domain/columns.ts'
import type { Changes, Outcomes } from '../../domain/counts.ts'
import type { Buckets } from '../../domain/undo.ts'
import type { Counts, Outcome, Phase, State } from '../../domain/words.ts'
import type { Db } from '../db.ts'
import { pageBytesMax } from './page.ts'

type Nullable<T> = { [K in keyof T]: T[K] | null }

/** What people see of an ingest in a list. Counts come from the receipts while it runs. */
export interface IngestSummary
  extends Outcomes,
    Nullable<Changes>,
    Pick<Counts, 'files' | 'units' | 'rowsRead'> {
  ingestId: string
  /** The ingest with several targets that it is a part of; null for one by itself. */
  partOf: string | null
  state: State
  phase: Phase | null
  /** null: an ingest of steps alone. */
  target: string | null
  sourceKind: string
  /** Names of its steps, in order; null when it has none. */
  steps: string[] | null
  columns: Column[] | null
  sizeBytes: number | null
  filesStaged: number
  /** Over all files. */
  stepsFinished: number
  unitsLoaded: number
  /** How many of the loaded rows were rejects first, and were loaded by a retry. */
  rowsReloaded: number
  /** Until when it can be taken back; null where it cannot, or is already. */
  undoUntil: Date | null
  /** What it came to when it was taken back; null where it was not. */
  undone: (Buckets & { at: string }) | null
  error: Outcome['error']
  createdAt: Date
  startedAt: Date | null
  publishedAt: Date | null
  endedAt: Date | null
}

/** What becomes of one target of several. */
export interface TargetProgress extends Pick<Outcomes, 'rowsLoaded' | 'rowsRejected'> {
  /** Its own ingest. */
  id: string
  target: string
  match: string
  state: State
  files: number
  rowsRead: number
  error: Outcome['error']
}

/** In their order; none for an ingest with one target. */
export async function viewTargets(db: Db, ingestId: string): Promise<TargetProgress[]> {
  const { rows } = await db.query<TargetProgress>(
    `select "ingestId" as id, target, match, state, files, "rowsRead", "rowsLoaded", "rowsRejected",
            error
     from (${summaryOf('i.match, i.target_no,')} where i.part_of = $1) s order by target_no`,
    [ingestId],
  )
  return rows
}

/** @param more what else is wanted of the ingest */
export const summaryOf = (more: '' | 'i.spec,' | 'i.match, i.target_no,'): string => `
  select ${more} i.ingest_id as "ingestId", i.part_of as "partOf", i.state, i.phase, i.target, i.source_kind as "sourceKind",
         i.spec -> 'steps' as steps, i.columns, i.size_bytes as "sizeBytes", i.error,
         i.created_at as "createdAt", i.started_at as "startedAt",
         i.published_at as "publishedAt", i.ended_at as "endedAt",
         (select keep_until from sluice.undos
          where ingest_id = i.ingest_id and keep_until > now()) as "undoUntil",
         case when i.state = 'undone' then (
           select json_build_object(
             'at', undone_at, 'rowsRemoved', rows_removed, 'rowsRestored', rows_restored,
             'rowsKept', rows_kept
           ) from sluice.undone where ingest_id = i.ingest_id order by undone_at desc limit 1
         ) end as undone,
         coalesce(i.files, 0) as files, coalesce(i.units, p.units, 0)::int as units,
         case when i.units is null or i.growing is not null then f.staged
              else coalesce(i.files, 0) end as "filesStaged",
         case when i.spec ? 'steps' then (
           select count(*) from sluice.steps
           where ingest_id = any(i.ingest_id || p.ids) and finished_at is not null
         ) else 0 end as "stepsFinished",
         coalesce(u.loaded, 0) as "unitsLoaded", coalesce(u.rows_read, 0) as "rowsRead",
         coalesce(u.rows_loaded, 0) as "rowsLoaded",
         coalesce(u.rows_rejected, 0) as "rowsRejected",
         coalesce(u.rows_skipped, 0) as "rowsSkipped",
         coalesce(u.rows_filtered, 0) as "rowsFiltered",
         coalesce(u.rows_superseded, 0) as "rowsSuperseded",
         i.rows_inserted as "rowsInserted", i.rows_updated as "rowsUpdated",
         i.rows_unchanged as "rowsUnchanged", i.rows_deleted as "rowsDeleted",
         case when i.published_at is null then 0 else (
           select coalesce(sum(rows_loaded), 0)::bigint from sluice.retries
           where ingest_id = any(i.ingest_id || p.ids)
         ) end as "rowsReloaded"
  from sluice.ingests i
  left join lateral (
    select array_agg(ingest_id) as ids, sum(units) as units
    from sluice.ingests where part_of = i.ingest_id
  ) p on true
  left join lateral (
    select count(*) filter (where loaded_at is not null) as loaded,
           sum(rows_read)::bigint as rows_read, sum(rows_loaded)::bigint as rows_loaded,
           sum(rows_rejected)::bigint as rows_rejected,
           sum(rows_skipped)::bigint as rows_skipped,
           sum(rows_filtered)::bigint as rows_filtered,
           sum(rows_superseded)::bigint as rows_superseded
    from sluice.units where ingest_id = any(i.ingest_id || p.ids)
  ) u on true
  left join lateral (
    select count(*) as staged from sluice.files
    where (i.units is null or i.growing is not null)
      and ingest_id = any(i.ingest_id || p.ids) and staged_at is not null
  ) f on true`

/** Newest first, without the parts of others. `before` is the id behind which the page starts. */
export async function listIngests(
  db: Db,
  page: { limit: number; before: string | null; state: State | null },
): Promise<{ ingests: IngestSummary[]; isLast: boolean }> {
  // A page is bounded in bytes as well: tables have up to 1,600 columns.
  const { rows } = await db.query(
    `with page as (
       ${summaryOf('')}
       where i.part_of is null and ($2::text is null or i.state = $2)
         and ($3::text is null or (i.created_at, i.ingest_id) <
              (select created_at, ingest_id from sluice.ingests where ingest_id = $3))
       order by i.created_at desc, i.ingest_id desc limit $1::int + 1
     ), sized as (
       select page.*, coalesce(octet_length(page.columns::text), 0)
                      + coalesce(octet_length(page.error::text), 0) as bytes
       from page
     ), summed as (
       select sized.*, count(*) over () as found,
              sum(bytes) over (order by "createdAt" desc, "ingestId" desc) - bytes as before
       from sized
     )
     select * from summed where before < $4
     order by "createdAt" desc, "ingestId" desc limit $1`,
    [page.limit, page.state, page.before, pageBytesMax],
  )
  const ingests = rows.map(({ bytes, before, found, ...summary }) => summary as IngestSummary)
  return { ingests, isLast: ingests.length === (rows[0]?.found ?? 0) }
}
