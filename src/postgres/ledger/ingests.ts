/** The ledger's table of ingests: one operation a function. */
import pg from 'pg'
import type { Column } from '../../domain/columns.ts'
import type { Changes } from '../../domain/counts.ts'
import type { Growing } from '../../domain/plan.ts'
import type { Relied } from '../../domain/relied.ts'
import { defaultQueue, type Route } from '../../domain/routes.ts'
import type { LimitsByVerb } from '../../domain/timeLimits.ts'
import type { Counts, FirstTable, Phase, Reading, State } from '../../domain/words.ts'
import { isOver } from '../../domain/words.ts'
import { sluiceError } from '../../errors.ts'
import type { FullSpec } from '../../spec/spec.ts'
import { type Connection, type Db, transaction } from '../db.ts'
import { channels, mayTell, notified } from '../notify.ts'
import { publishedBefore } from './repeated.ts'

/** @throws ingest_not_found */
export async function mustExist(db: Db, ingestId: string): Promise<void> {
  const { rowCount } = await db.query('select from sluice.ingests where ingest_id = $1', [ingestId])
  if (rowCount === 0) throw sluiceError('ingest_not_found', { ingestId })
}

export interface NewIngest {
  ingestId: string
  spec: FullSpec
  target: string | null
  /** The task queue of its workflow; the one that the spec names if absent, else the default. */
  queue?: string
  /** Those that are still to be asked: of the spec first, then of the settings file. */
  routes?: Route[]
  /** Time limits of its verbs, of the spec and of the settings file. */
  limits?: LimitsByVerb
}

/**
 * Enters an ingest, or finds the one of that id. One that was taken back makes way for it.
 * @returns whether it is new; and whether Temporal may have a workflow of that id that has ended
 * @throws ingest_conflict when the one of that id has another spec; target_id_used
 */
export async function enterIngest(
  db: Db,
  ingest: NewIngest,
): Promise<{ isNew: boolean; state: State; isAgain: boolean }> {
  if (await insertIngest(db, ingest, 0)) return { isNew: true, state: 'queued', isAgain: false }
  const { ingestId, spec } = ingest
  const { rows } = await db.query(
    `select state, spec = $2::jsonb as same, undone_before > 0 as "isAgain", part_of as "partOf"
     from sluice.ingests where ingest_id = $1`,
    [ingestId, JSON.stringify(spec)],
  )
  const { state, partOf } = rows[0] ?? {}
  // It would leave the others without this one.
  if (state === 'undone' && partOf) throw sluiceError('target_id_used', { ingestId, partOf })
  if (state === 'undone') return enterAgain(db, ingest)
  if (!rows[0]?.same) throw sluiceError('ingest_conflict', { ingestId })
  return { isNew: false, state: rows[0].state, isAgain: rows[0].isAgain }
}

/** What sluice.undone says of the earlier one stays; all else of it goes. */
async function enterAgain(db: Db, ingest: NewIngest): ReturnType<typeof enterIngest> {
  const isNew = await transaction(db, async (tx) => {
    const { rows } = await tx.query(
      `delete from sluice.ingests where ingest_id = $1 and state = 'undone'
       returning undone_before as before`,
      [ingest.ingestId],
    )
    // Another request may have entered it meanwhile.
    return rows[0] !== undefined && (await insertIngest(tx, ingest, rows[0].before + 1))
  })
  return isNew ? { isNew, state: 'queued', isAgain: true } : enterIngest(db, ingest)
}

async function insertIngest(
  db: Db | Connection,
  { ingestId, spec, target, queue, routes = [], limits }: NewIngest,
  undoneBefore: number,
): Promise<boolean> {
  const { rowCount } = await db.query(
    `insert into sluice.ingests (ingest_id, spec, target, source_kind, queue, routes, limits, undone_before)
     values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing`,
    [
      ingestId,
      JSON.stringify(spec),
      target,
      spec.source.kind,
      queue ?? spec.queue ?? defaultQueue,
      JSON.stringify(routes),
      limits ? JSON.stringify(limits) : null,
      undoneBefore,
    ],
  )
  return rowCount === 1
}

/** What the verbs need of their ingest. */
export interface IngestEntry {
  spec: FullSpec
  target: string | null
  state: State
  /** The task queue of its workflow. */
  queue: string | null
  routes: Route[] | null
  /** How the first table is read. */
  reading: Reading | null
  /** Also null for an ingest of an earlier version, whose files are all read by `reading`. */
  firstTable: Omit<FirstTable, 'reading'> | null
  columns: Column[] | null
  landing: string | null
  /** What the plan relied on of a target that existed. */
  relied: Relied | null
  /** The landing table numbers its rows: publish judges the constraints of the target. */
  traced: boolean
  /** The landing table was made without a log, see unlogged.ts. */
  unlogged: boolean
  sizeBytes: number | null
  /** How many units there are so far. */
  units: number
  /** How far a plan has come that grows while files are staged; null for any other. */
  growing: Growing | null
  /** How often the landing table was made anew. */
  remade: number
  publishedAt: Date | null
}

export const selectIngest = (id = '$1') => `
  select spec, target, state, queue, routes, reading, first_table as "firstTable", columns, landing,
         relied, traced, unlogged, size_bytes as "sizeBytes", coalesce(units, 0) as units, growing,
         remade, published_at as "publishedAt"
  from sluice.ingests where ingest_id = ${id}`

/** @throws ingest_not_found */
export async function readIngest(db: Db | Connection, ingestId: string): Promise<IngestEntry> {
  const { rows } = await db.query(selectIngest(), [ingestId])
  if (!rows[0]) throw sluiceError('ingest_not_found', { ingestId })
  return rows[0]
}

/**
 * Locks the ingest against every load and publish under way, and reads it.
 * @throws ingest_not_found
 */
export async function lockIngest(tx: Connection, ingestId: string): Promise<IngestEntry> {
  return lockedIngest(ingestId, await tx.query(`${selectIngest()} for update`, [ingestId]))
}

/**
 * The same as a statement that goes along with others, and can have no parameters; `lockedIngest`
 * reads the answer.
 */
export const lockText = (ingestId: string): string =>
  `${selectIngest(pg.escapeLiteral(ingestId))} for update`

/** @throws ingest_not_found */
export function lockedIngest(ingestId: string, { rows }: { rows: IngestEntry[] }): IngestEntry {
  if (!rows[0]) throw sluiceError('ingest_not_found', { ingestId })
  return rows[0]
}

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
  await db.query(enterText(), [ingestId, phase])
}

/** The same as a statement that goes along with others. */
export const enterPhaseText = (ingestId: string, phase: Phase): string =>
  enterText(pg.escapeLiteral(ingestId), pg.escapeLiteral(phase))

const enterText = (id = '$1', phase = '$2') =>
  `update sluice.ingests
     set phase = ${phase}, started_at = coalesce(started_at, now()),
         state = case when state = 'queued' then 'running' else state end
     where ended_at is null and ingest_id in (
       select ingest_id from sluice.ingests where ingest_id = ${id} for no key update skip locked)
     ${mayTell() ? `returning ${notified(channels.ingests, 'ingest_id')}` : ''}`

/**
 * What the end of an ingest sets, besides how it ended. The transaction of a small ingest begins with
 * its list, and ends with this: the time is not that of the beginning.
 */
export const endedText = `phase = null, landing = null, started_at = coalesce(started_at, now()),
    ended_at = clock_timestamp()`

interface PublishedHow {
  /** It is completed with that, and the caller removes the landing table. */
  isEnd: boolean
  /** Its rows have taken the place of those that were in the target. */
  isReplaced: boolean
}

/**
 * @returns the newest other ingest that has published the same files into the same target, and
 *   whether this one has notes
 */
export async function recordPublished(
  tx: Connection,
  ingestId: string,
  counts: Counts,
  { isEnd, isReplaced }: PublishedHow,
): Promise<{ earlier: string | null; isNoted: boolean }> {
  const { rows } = await tx.query(
    `update sluice.ingests i
     set published_at = now(), rows_read = $2, rows_loaded = $3, rows_rejected = $4,
         rows_skipped = $5, rows_filtered = $6, rows_superseded = $7, rows_inserted = $8,
         rows_updated = $9, rows_unchanged = $10, rows_deleted = $11,
         turn = case when $12 then nextval('sluice.turns') end
         ${isEnd ? `, state = 'completed', ${endedText}` : ''}
     where ingest_id = $1
     returning (${publishedBefore}) as earlier,
               exists (select from sluice.notes where ingest_id = $1) as "isNoted"
               ${isEnd ? `, ${notified(channels.ingests, 'ingest_id')}` : ''}`,
    [
      ingestId,
      counts.rowsRead,
      counts.rowsLoaded,
      counts.rowsRejected,
      counts.rowsSkipped ?? 0,
      counts.rowsFiltered ?? 0,
      counts.rowsSuperseded ?? 0,
      counts.rowsInserted ?? null,
      counts.rowsUpdated ?? null,
      counts.rowsUnchanged ?? null,
      counts.rowsDeleted ?? null,
      isReplaced,
    ],
  )
  return rows[0]
}

/** What publish did to the rows of the target; null when the mode does not tell it. */
export async function readChanges(tx: Db | Connection, ingestId: string): Promise<Changes | null> {
  const { rows } = await tx.query<Changes>(
    `select rows_inserted as "rowsInserted", rows_updated as "rowsUpdated",
            rows_unchanged as "rowsUnchanged", rows_deleted as "rowsDeleted"
     from sluice.ingests where ingest_id = $1 and rows_inserted is not null`,
    [ingestId],
  )
  return rows[0] ?? null
}

/** What a retry did to the rows of the target besides. */
export async function addChanges(
  tx: Connection,
  ingestId: string,
  { rowsInserted, rowsUpdated, rowsUnchanged, rowsDeleted }: Changes,
): Promise<void> {
  await tx.query(
    `update sluice.ingests
     set rows_inserted = rows_inserted + $2, rows_updated = rows_updated + $3,
         rows_unchanged = rows_unchanged + $4, rows_deleted = rows_deleted + $5
     where ingest_id = $1`,
    [ingestId, rowsInserted, rowsUpdated, rowsUnchanged, rowsDeleted],
  )
}
