/** The ingests of the targets of an ingest that has several: its parts. One operation a function. */
import type { State } from '../../domain/words.ts'
import { sluiceError } from '../../errors.ts'
import type { FullSpec } from '../../spec/spec.ts'
import type { Connection, Db } from '../db.ts'
import { type IngestEntry, lockIngest } from './ingests.ts'

export interface NewPart {
  ingestId: string
  partOf: string
  /** From 1. */
  targetNo: number
  match: string
  spec: FullSpec
  target: string
}

/** Enters a part, with the queue, the routes and the limits of its ingest. @throws ingest_conflict */
export async function enterPart(tx: Connection, part: NewPart): Promise<void> {
  const { ingestId, partOf, targetNo, match, spec, target } = part
  const { rowCount } = await tx.query(
    `insert into sluice.ingests (ingest_id, spec, target, source_kind, queue, routes, limits,
                                 part_of, target_no, match)
     select $1, $2, $3, source_kind, queue, routes, limits, ingest_id, $5, $6
     from sluice.ingests where ingest_id = $4
     on conflict (ingest_id) do nothing`,
    [ingestId, JSON.stringify(spec), target, partOf, targetNo, match],
  )
  if (rowCount === 0) throw sluiceError('ingest_conflict', { ingestId })
}

/** What a list of several targets comes to. */
export async function recordPartsListed(
  tx: Connection,
  ingestId: string,
  { files, sizeBytes }: { files: number; sizeBytes: number },
): Promise<void> {
  await tx.query('update sluice.ingests set files = $2, size_bytes = $3 where ingest_id = $1', [
    ingestId,
    files,
    sizeBytes,
  ])
}

export interface Part {
  ingestId: string
  /** The table, as people write it. */
  target: string
  state: State
}

/** In the order of their targets. */
export async function listParts(db: Db | Connection, ingestId: string): Promise<Part[]> {
  const { rows } = await db.query<Part>(
    `select ingest_id as "ingestId", target, state from sluice.ingests
     where part_of = $1 order by target_no`,
    [ingestId],
  )
  return rows
}

export interface LockedPart extends Part {
  entry: IngestEntry
}

/** Locks all of them, in the order of their targets. */
export async function lockParts(tx: Connection, ingestId: string): Promise<LockedPart[]> {
  const locked: LockedPart[] = []
  for (const part of await listParts(tx, ingestId)) {
    locked.push({ ...part, entry: await lockIngest(tx, part.ingestId) })
  }
  return locked
}

/**
 * Takes over what the parts have published.
 * @returns whether all of them have; false also where there are none
 */
export async function recordParts(tx: Connection, ingestId: string): Promise<boolean> {
  const { rows } = await tx.query(
    `update sluice.ingests i
     set published_at = p.published_at, rows_read = p.rows_read, rows_loaded = p.rows_loaded,
         rows_rejected = p.rows_rejected, rows_skipped = p.rows_skipped,
         rows_filtered = p.rows_filtered, rows_superseded = p.rows_superseded,
         rows_inserted = p.rows_inserted, rows_updated = p.rows_updated,
         rows_unchanged = p.rows_unchanged, rows_deleted = p.rows_deleted
     from (
       select max(published_at) as published_at, sum(rows_read) as rows_read,
              sum(rows_loaded) as rows_loaded, sum(rows_rejected) as rows_rejected,
              sum(rows_skipped) as rows_skipped, sum(rows_filtered) as rows_filtered,
              sum(rows_superseded) as rows_superseded, sum(rows_inserted) as rows_inserted,
              sum(rows_updated) as rows_updated, sum(rows_unchanged) as rows_unchanged,
              sum(rows_deleted) as rows_deleted,
              count(*) > 0 and bool_and(published_at is not null) as are_all
       from sluice.ingests where part_of = $1
     ) p
     where ingest_id = $1
     returning p.are_all as "areAll"`,
    [ingestId],
  )
  return rows[0]?.areAll === true
}

/** @throws several_targets for an ingest that has parts */
export function mustBeOne(
  ingestId: string,
  { targets }: Pick<FullSpec, 'targets'>,
  what: string,
): void {
  if (targets) throw sluiceError('several_targets', { ingestId, what })
}

/** The same where nothing is known of the ingest yet. @throws ingest_not_found, several_targets */
export async function mustExistAsOne(db: Db, ingestId: string, what: string): Promise<void> {
  const { rows } = await db.query<Pick<FullSpec, 'targets'>>(
    `select spec -> 'targets' as targets from sluice.ingests where ingest_id = $1`,
    [ingestId],
  )
  if (!rows[0]) throw sluiceError('ingest_not_found', { ingestId })
  if (rows[0].targets) mustBeOne(ingestId, rows[0], what)
}
