/** The ledger's table of units: the plan, and the receipts. */
import type { Column } from '../../domain/columns.ts'
import type { Outcomes } from '../../domain/counts.ts'
import type { Relied } from '../../domain/relied.ts'
import type { Counts, Receipt, State, Unit, UnitRef } from '../../domain/words.ts'
import { sluiceError } from '../../errors.ts'
import type { FullTarget } from '../../spec/target.ts'
import type { Connection, Db } from '../db.ts'
import { channels, mayTell, notified } from '../notify.ts'

export async function addUnits(
  tx: Connection,
  ingestId: string,
  firstNo: number,
  units: Unit[],
): Promise<void> {
  await tx.query(
    `insert into sluice.units (ingest_id, unit_no, unit, size_bytes, records)
     select $1, $2 + ordinality - 1, u, (u ->> 'sizeBytes')::bigint, (u ->> 'records')::bigint
     from unnest($3::jsonb[]) with ordinality as units (u, ordinality)`,
    [ingestId, firstNo, units.map((unit) => JSON.stringify(unit))],
  )
}

export interface UnitEntry {
  /** The state of its ingest. */
  state: State
  unit: Unit
  receipt: Receipt | null
  landing: string
  columns: Column[]
  /** Units that were added when this one was split. */
  parts: number
  target: FullTarget
  /** Where rows go straight into the target: what the plan relied on of it. */
  relied: Relied | null
  /** The ingest, where rows go straight into the target and can be taken back. */
  writtenFor: string | null
}

/**
 * Locks a unit for the transaction that loads it, and reads it and its receipt.
 *
 * The ingest's own row is locked against publish and sweep only: units load side by side.
 * @throws ingest_not_active when the ingest takes no more rows
 */
export async function lockUnit(tx: Connection, { ingestId, unitNo }: UnitRef): Promise<UnitEntry> {
  const { rows } = await tx.query(
    `select u.unit, u.rows_read, u.rows_loaded, u.rows_rejected, u.rows_skipped,
            u.rows_filtered, u.rows_superseded, u.size_bytes, u.lane, u.loaded_at, u.parts, i.state, i.landing, i.columns,
            i.spec -> 'target' as target,
            case when i.spec -> 'target' ->> 'atomic' = 'false' then i.relied end as relied,
            case when i.spec -> 'target' @> '{"atomic": false, "undo": true}'
                 then ingest_id end as "writtenFor"
     from sluice.units u join sluice.ingests i using (ingest_id)
     where u.ingest_id = $1 and u.unit_no = $2
     for no key update of u for key share of i`,
    [ingestId, unitNo],
  )
  const row = rows[0]
  const state: State | 'unknown' = row?.state ?? 'unknown'
  if (!row?.landing) throw sluiceError('ingest_not_active', { ingestId, state })
  return { ...row, receipt: row.loaded_at ? toReceipt(row) : null }
}

export interface UnitReceipt extends Pick<Receipt, 'lane'> {
  unit: Unit
  /** Rows that it put into the landing table, but those that have become rejects since. */
  rowsLanded: number
}

/** A unit that was loaded. */
export async function readReceipt(
  tx: Connection,
  { ingestId, unitNo }: UnitRef,
): Promise<UnitReceipt> {
  const { rows } = await tx.query<UnitReceipt>(
    `select unit, lane,
            rows_loaded + rows_skipped + rows_filtered + rows_superseded as "rowsLanded"
     from sluice.units
     where ingest_id = $1 and unit_no = $2 and loaded_at is not null`,
    [ingestId, unitNo],
  )
  if (rows[0]) return rows[0]
  throw sluiceError('count_mismatch', { problem: `unit ${unitNo} has rows and no receipt` })
}

/**
 * Writes the receipt. It counts once the transaction commits, together with the rows.
 * @param by `isStraight`: the rows went into the target itself, whose lock the transaction holds
 */
export async function settleUnit(
  tx: Connection,
  { ingestId, unitNo }: UnitRef,
  receipt: Receipt,
  by: { worker: string; attempt: number; tookMs: number; isStraight?: boolean },
): Promise<void> {
  const { rowCount } = await tx.query(
    `update sluice.units
     set rows_read = $3, rows_loaded = $4, rows_rejected = $5, rows_skipped = $10,
         rows_filtered = $13, lane = $6, worker = $7, attempt = $8, loaded_at = clock_timestamp(),
         started_at = clock_timestamp() - $9 * interval '1 ms', trimmed = $11,
         turn = case when $14 then nextval('sluice.turns') end
     where ingest_id = $1 and unit_no = $2 and loaded_at is null
     returning case when $12 then ${notified(channels.ingests, 'ingest_id')} end`,
    [
      ingestId,
      unitNo,
      receipt.rowsRead,
      receipt.rowsLoaded,
      receipt.rowsRejected,
      receipt.lane,
      by.worker,
      by.attempt,
      by.tookMs,
      receipt.rowsSkipped ?? 0,
      receipt.trimmed ? JSON.stringify(receipt.trimmed) : null,
      mayTell(),
      receipt.rowsFiltered ?? 0,
      by.isStraight ?? false,
    ],
  )
  if (rowCount !== 1) {
    throw sluiceError('count_mismatch', { problem: `unit ${unitNo} has two receipts` })
  }
}

/**
 * Takes back all receipts with their rejects: the rows that they are about are gone.
 * @returns how many units are to be loaded again
 */
export async function forgetReceipts(tx: Connection, ingestId: string): Promise<number> {
  await tx.query('delete from sluice.rejects where ingest_id = $1', [ingestId])
  const { rowCount } = await tx.query(
    `update sluice.units
     set rows_read = null, rows_loaded = null, rows_rejected = null, rows_skipped = 0,
         rows_filtered = 0, rows_superseded = 0, trimmed = null, lane = null, worker = null,
         attempt = null, started_at = null, loaded_at = null
     where ingest_id = $1 and loaded_at is not null`,
    [ingestId],
  )
  return rowCount ?? 0
}

/** What the receipts add up to; how many units have none yet, and how many dropped text. */
export interface Sums extends Outcomes, Pick<Counts, 'files' | 'units' | 'rowsRead'> {
  missing: number
  trimmed: number
}

export async function sumReceipts(tx: Db | Connection, ingestId: string): Promise<Sums> {
  const { rows } = await tx.query(
    `select count(*) filter (where loaded_at is null) as missing, count(*) as units,
            count(trimmed) as trimmed,
            coalesce(sum(rows_read), 0)::bigint as "rowsRead",
            coalesce(sum(rows_loaded), 0)::bigint as "rowsLoaded",
            coalesce(sum(rows_rejected), 0)::bigint as "rowsRejected",
            coalesce(sum(rows_skipped), 0)::bigint as "rowsSkipped",
            coalesce(sum(rows_filtered), 0)::bigint as "rowsFiltered",
            coalesce(sum(rows_superseded), 0)::bigint as "rowsSuperseded",
            (select count(*) from sluice.files where ingest_id = $1) as files
     from sluice.units where ingest_id = $1`,
    [ingestId],
  )
  return rows[0]
}

/** A unit with its receipt; what the receipt says is null as long as there is none. */
export interface UnitView {
  unitNo: number
  sizeBytes: number
  records: number
  splits: number
  rowsRead: number | null
  rowsLoaded: number | null
  rowsRejected: number | null
  rowsSkipped: number | null
  rowsFiltered: number | null
  rowsSuperseded: number | null
  lane: Receipt['lane'] | null
  worker: string | null
  attempt: number | null
  startedAt: Date | null
  loadedAt: Date | null
}

/** A page of units with their receipts, without their splits. */
export async function listUnits(
  db: Db,
  ingestId: string,
  page: { limit: number; after: number },
): Promise<UnitView[]> {
  const { rows } = await db.query<UnitView>(
    `select unit_no as "unitNo", size_bytes as "sizeBytes", records,
            jsonb_array_length(unit -> 'splits') as splits, rows_read as "rowsRead",
            rows_loaded as "rowsLoaded", rows_rejected as "rowsRejected",
            case when loaded_at is not null then rows_skipped end as "rowsSkipped",
            case when loaded_at is not null then rows_filtered end as "rowsFiltered",
            case when loaded_at is not null then rows_superseded end as "rowsSuperseded",
            lane, worker, attempt,
            started_at as "startedAt", loaded_at as "loadedAt"
     from sluice.units where ingest_id = $1 and unit_no > $2 order by unit_no limit $3`,
    [ingestId, page.after, page.limit],
  )
  return rows
}

/** The columns of a receipt, as the table names them. */
interface ReceiptRow {
  rows_read: number
  rows_loaded: number
  rows_rejected: number
  rows_skipped: number
  rows_filtered: number
  rows_superseded: number
  size_bytes: number
  lane: Receipt['lane']
}

const toReceipt = (row: ReceiptRow): Receipt => ({
  rowsRead: row.rows_read,
  rowsLoaded: row.rows_loaded,
  rowsRejected: row.rows_rejected,
  rowsSkipped: row.rows_skipped,
  // A load leaves out none: as it answers, so does a later attempt that finds its receipt.
  ...(row.rows_filtered > 0 && { rowsFiltered: row.rows_filtered }),
  ...(row.rows_superseded > 0 && { rowsSuperseded: row.rows_superseded }),
  sizeBytes: row.size_bytes,
  lane: row.lane,
})

/** What the first units of a plan hold, in their order: the first file of each, and how many more. */
export async function describeUnits(
  tx: Connection,
  ingestId: string,
  limit: number,
): Promise<{ file: string; otherFiles: number; sizeBytes: number }[]> {
  const { rows } = await tx.query(
    `select f.name as file, jsonb_array_length(p.parts) - 1 as "otherFiles", u.size_bytes as "sizeBytes"
     from sluice.units u,
          lateral (select jsonb_agg(distinct s -> 'fileNo') as parts
                   from jsonb_array_elements((unit -> 'splits') || (unit -> 'flaws')) s) p
          left join sluice.files f on f.ingest_id = $1 and f.file_no = (p.parts ->> 0)::integer
     where u.ingest_id = $1 and unit_no < $2 order by unit_no`,
    [ingestId, limit],
  )
  return rows
}

/** What was planned before. Units that were added since, as parts of others, do not count. */
export async function sumPlan(
  tx: Connection,
  ingestId: string,
): Promise<{ units: number; records: number }> {
  const { rows } = await tx.query(
    `select count(*) - coalesce(sum(parts), 0) as units,
            coalesce(sum(records), 0)::bigint as records
     from sluice.units where ingest_id = $1`,
    [ingestId],
  )
  return rows[0]
}
