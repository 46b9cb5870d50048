/** What the ledger and the database know of ingests that may have been left alone. */

import type { Unended } from '../../domain/janitor.ts'
import { quoteTable, type TableName } from '../../domain/table.ts'
import type { LimitsByVerb } from '../../domain/timeLimits.ts'
import type { State } from '../../domain/words.ts'
import type { FullSpec } from '../../spec/spec.ts'
import { type Db, transaction } from '../db.ts'
import { landingNameIn, landingPattern } from '../names.ts'
import { isUndroppable } from '../sqlState.ts'

/** A page of ingests that have not ended, by id. */
export async function listUnended(
  db: Db,
  page: { after: string | null; limit: number },
): Promise<Unended[]> {
  const { rows } = await db.query(
    `select i.ingest_id as "ingestId", i.part_of as "partOf", i.state,
            (extract(epoch from now() - i.created_at) * 1000)::bigint as "ageMs",
            (extract(epoch from now() - greatest(
               i.created_at, i.started_at, i.published_at,
               (select max(staged_at) from sluice.files where ingest_id = i.ingest_id),
               (select max(finished_at) from sluice.steps where ingest_id = i.ingest_id),
               (select max(loaded_at) from sluice.units where ingest_id = i.ingest_id)
             )) * 1000)::bigint as "quietMs"
     from sluice.ingests i
     where i.ended_at is null and ($1::text is null or i.ingest_id > $1)
     order by i.ingest_id limit $2`,
    [page.after, page.limit],
  )
  return rows
}

/** What the start of a workflow needs. */
export interface UnstartedIngest {
  ingestId: string
  spec: FullSpec
  target: string | null
  queue: string | null
  limits: LimitsByVerb | null
  /** An ingest of that id was taken back before. */
  isAgain: boolean
}

/** @returns null when it is queued no more */
export async function readUnstarted(db: Db, ingestId: string): Promise<UnstartedIngest | null> {
  const { rows } = await db.query(
    `select ingest_id as "ingestId", spec, target, queue, limits, undone_before > 0 as "isAgain"
     from sluice.ingests where ingest_id = $1 and state = 'queued'`,
    [ingestId],
  )
  return rows[0] ?? null
}

/** The states of those ids that the ledger has; `endedMs` is the time since their end. */
export async function statesOf(
  db: Db,
  ingestIds: string[],
): Promise<Map<string, { state: State; endedMs: number | null }>> {
  const { rows } = await db.query(
    `select ingest_id as id, state,
            (extract(epoch from now() - ended_at) * 1000)::bigint as "endedMs"
     from sluice.ingests where ingest_id = any($1)`,
    [ingestIds],
  )
  return new Map(rows.map(({ id, ...rest }) => [id, rest]))
}

/** Landing tables of ingests that ended longer ago. */
export async function listLeftTables(db: Db, endedMs: number): Promise<TableName[]> {
  const { rows } = await db.query(
    `with tables as materialized (
       select n.nspname as schema, c.relname as name
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where c.relkind in ('r', 'p') and c.relname ~ '${landingPattern}'
     )
     select t.schema, t.name from tables t
     join sluice.ingests i on t.name = ${landingNameIn('i.ingest_id')}
     where exists (select from tables) and i.ended_at < now() - $1 * interval '1 ms'`,
    [endedMs],
  )
  return rows
}

/** @returns false when a session reads it, or our role may not drop it */
export async function dropLeftTable(db: Db, table: TableName): Promise<boolean> {
  try {
    await transaction(db, async (tx) => {
      await tx.query(`set local lock_timeout = '5s'`)
      await tx.query(`drop table if exists ${quoteTable(table)}`)
    })
    return true
  } catch (error) {
    if (isUndroppable(error)) return false
    throw error
  }
}
