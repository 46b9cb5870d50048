/** Rejects on their way back: read page by page, then settled in the same transaction. */
import { isUtf8 } from 'node:buffer'
import type { Constant, Reading } from '../../domain/words.ts'
import { sluiceError } from '../../errors.ts'
import type { Connection, Db } from '../db.ts'

export interface RejectKey {
  fileNo: number
  line: number
}

/** A reject that was not loaded so far. */
export interface OpenReject extends RejectKey {
  /**
   * Where its row is. Only the holder of the ingest's lock moves the row, so it is found by this
   * at once, however many rejects there are and whatever the planner's statistics say.
   */
  ctid: string
  unitNo: number
  code: string
  error: string
  column: string | null
  /** As people see it. */
  text: string
  /** The record's bytes without its line end. */
  raw: Buffer
  /** The retry that tried it last. */
  retryId: string | null
}

const pageRows = 2000
const pageBytes = 8 * 1024 * 1024

/** PostgreSQL's "invalid_text_representation": a value that its type does not take. */
export const invalidValue = '22P02'

const columns = `r.ctid::text, unit_no as "unitNo", r.file_no as "fileNo", r.line, code, error,
  column_name as "column", raw as text, raw_bytes, retry_id as "retryId"`

const toOpen = ({ raw_bytes: bytes, ...row }: Record<string, never>): OpenReject => ({
  ...(row as unknown as OpenReject),
  raw: bytes ?? Buffer.from(row.text as unknown as string),
})

/**
 * Open rejects in their order, in pages of bounded size. What the cursor sees is as it was when it
 * began, whatever becomes of the pages in between.
 */
export async function* openPages(tx: Connection, ingestId: string): AsyncGenerator<OpenReject[]> {
  await tx.query(
    `declare open_rejects no scroll cursor for
     select ctid::text, octet_length(raw) as bytes from sluice.rejects
     where ingest_id = $1 and loaded_at is null
     order by file_no, line`,
    [ingestId],
  )
  try {
    while (true) {
      const { rows } = await tx.query(`fetch ${pageRows} from open_rejects`)
      if (rows.length === 0) return
      for (const ctids of bounded(rows)) {
        const page = await tx.query(
          `select ${columns} from sluice.rejects r where ctid = any($1::tid[])
           order by file_no, line`,
          [ctids],
        )
        yield page.rows.map(toOpen)
      }
    }
  } finally {
    // In a transaction that has failed it is closed already.
    await tx.query('close open_rejects').catch(() => {})
  }
}

function* bounded(rows: readonly { ctid: string; bytes: number }[]): Generator<string[]> {
  let ctids: string[] = []
  let size = 0
  for (const { ctid, bytes } of rows) {
    if (ctids.length > 0 && size + bytes > pageBytes) {
      yield ctids
      ctids = []
      size = 0
    }
    ctids.push(ctid)
    size += bytes
  }
  yield ctids
}

/** Open rejects by their keys. */
export async function findOpen(
  tx: Connection,
  ingestId: string,
  keys: readonly RejectKey[],
): Promise<OpenReject[]> {
  // Each by its key, not all rejects of the ingest for a page of them: hence the offset.
  const { rows } = await tx.query(
    `select r.* from unnest($2::int[], $3::bigint[]) as k (file_no, line),
       lateral (
         select ${columns} from sluice.rejects r
         where r.ingest_id = $1 and r.file_no = k.file_no and r.line = k.line
           and r.loaded_at is null offset 0
       ) as r`,
    [ingestId, keys.map(({ fileNo }) => fileNo), keys.map(({ line }) => line)],
  )
  return rows.map(toOpen)
}

/** The numbers of files by their names. */
export async function readFileNos(
  tx: Connection,
  ingestId: string,
  names: readonly string[],
): Promise<Map<string, number>> {
  const { rows } = await tx.query(
    'select name, file_no as no from sluice.files where ingest_id = $1 and name = any($2)',
    [ingestId, names],
  )
  return new Map(rows.map(({ name, no }) => [name, no]))
}

export async function countOpen(tx: Db | Connection, ingestId: string): Promise<number> {
  const { rows } = await tx.query(
    'select count(*) as open from sluice.rejects where ingest_id = $1 and loaded_at is null',
    [ingestId],
  )
  return rows[0].open
}

/** How the records of a unit are written, and where their fields go. */
export interface UnitLayout {
  columns: string[]
  constants: Constant[]
  dropped: number[]
  reading: Reading
}

export async function readLayouts(
  tx: Connection,
  ingestId: string,
  unitNos: number[],
): Promise<Map<number, UnitLayout>> {
  const { rows } = await tx.query(
    `select unit_no as no, unit -> 'columns' as columns, unit -> 'reading' as reading,
            coalesce(unit -> 'constants', '[]') as constants,
            coalesce(unit -> 'dropped', '[]') as dropped
     from sluice.units where ingest_id = $1 and unit_no = any($2)`,
    [ingestId, unitNos],
  )
  return new Map(rows.map(({ no, ...layout }) => [no, layout]))
}

/** What became of a reject that was tried again, and was refused again. */
export interface RefusedAgain {
  reject: OpenReject
  /** The bytes that were refused: the original ones, or a correction. */
  raw: Buffer
  column: string | null
  code: string
  constraint?: string | null
  error: string
}

/** Rejects that were loaded after all stay, as what they were. @throws count_mismatch */
export async function markLoaded(
  tx: Connection,
  retryId: string,
  loaded: readonly OpenReject[],
): Promise<void> {
  const { rowCount } = await tx.query(
    `update sluice.rejects set loaded_at = clock_timestamp(), retry_id = $2
     where ctid = any($1::tid[])`,
    [loaded.map(({ ctid }) => ctid), retryId],
  )
  mustBeAll(rowCount, loaded)
}

/** A mismatch means that the ledger was changed by hand meanwhile. */
function mustBeAll(rowCount: number | null, rejects: readonly unknown[]): void {
  if (rowCount === rejects.length) return
  const problem = `${rejects.length} rejects were tried again, ${rowCount} of them are there`
  throw sluiceError('count_mismatch', { problem })
}

/** Says anew why they are rejects. @throws count_mismatch */
export async function updateRefused(
  tx: Connection,
  retryId: string | null,
  refused: readonly RefusedAgain[],
): Promise<void> {
  if (refused.length === 0) return
  const isClean = ({ raw }: RefusedAgain) => isUtf8(raw) && !raw.includes(0)
  const { rowCount } = await tx.query(
    `update sluice.rejects r
     set column_name = n.column_name, code = n.code, error = n.error, raw = n.raw,
         raw_bytes = n.raw_bytes, constraint_name = n.constraint_name,
         retry_id = coalesce($8, retry_id)
     from unnest($1::tid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bytea[], $7::text[])
       as n (tid, column_name, code, error, raw, raw_bytes, constraint_name)
     where r.ctid = n.tid`,
    [
      refused.map(({ reject }) => reject.ctid),
      refused.map(({ column }) => column),
      refused.map(({ code }) => code),
      refused.map(({ error }) => error),
      refused.map(({ raw }) => raw.toString('utf8').replaceAll('\0', '\ufffd')),
      refused.map((each) => (isClean(each) ? null : each.raw)),
      refused.map(({ constraint }) => constraint ?? null),
      retryId,
    ],
  )
  mustBeAll(rowCount, refused)
}

/** Corrects the receipts of the units that the rejects were found in. */
export async function correctReceipts(
  tx: Connection,
  ingestId: string,
  loaded: readonly OpenReject[],
): Promise<void> {
  const byUnit = new Map<number, number>()
  for (const { unitNo } of loaded) byUnit.set(unitNo, (byUnit.get(unitNo) ?? 0) + 1)
  await tx.query(
    `update sluice.units u set rows_loaded = rows_loaded + n.rows, rows_rejected = rows_rejected - n.rows
     from unnest($2::int[], $3::bigint[]) as n (unit_no, rows)
     where u.ingest_id = $1 and u.unit_no = n.unit_no`,
    [ingestId, [...byUnit.keys()], [...byUnit.values()]],
  )
}
