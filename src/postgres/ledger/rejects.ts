/** The ledger's table of rejects. */
import { isUtf8 } from 'node:buffer'
import type { Reject, UnitRef } from '../../domain/words.ts'
import { copyIn } from '../copy/copyIn.ts'
import type { Connection, Db } from '../db.ts'
import { pageBytesMax } from './page.ts'

const chunkChars = 64 * 1024

export interface RejectView {
  file: string
  fileNo: number
  line: number
  column: string | null
  code: string
  /** The constraint of the target that the row breaks. */
  constraint: string | null
  error: string
  raw: string
  /** When a retry has loaded it after all. */
  loadedAt: Date | null
  /** The retry that tried it last. */
  retryId: string | null
}

/** Keeps the rejects of a unit, in the transaction that loads its rows. */
export async function keepRejects(
  tx: Connection,
  { ingestId, unitNo }: UnitRef,
  rejects: readonly Reject[],
  fileName: (fileNo: number) => string,
): Promise<void> {
  if (rejects.length === 0) return
  const statement = `
    copy sluice.rejects
      (ingest_id, unit_no, file_no, file, line, column_name, code, constraint_name, error, raw,
       raw_bytes)
    from stdin (encoding 'UTF8')`
  const lines = function* () {
    for (const reject of rejects) {
      const clean = isUtf8(reject.raw) && !reject.raw.includes(0)
      const fields = [
        ingestId,
        String(unitNo),
        String(reject.fileNo),
        fileName(reject.fileNo),
        String(reject.line),
        reject.column,
        reject.code,
        reject.constraint ?? null,
        reject.error,
        clean
          ? reject.raw.toString('utf8')
          : reject.raw.toString('utf8').replaceAll('\0', '\ufffd'),
        clean ? null : `\\x${reject.raw.toString('hex')}`,
      ]
      yield `${fields.map(copyText).join('\t')}\n`
    }
  }
  await copyIn(tx, statement, together(lines()))
}

/** Lines in chunks that are worth a message. */
function* together(lines: Iterable<string>): Generator<Buffer> {
  let held: string[] = []
  let chars = 0
  for (const line of lines) {
    held.push(line)
    chars += line.length
    if (chars < chunkChars) continue
    yield Buffer.from(held.join(''))
    held = []
    chars = 0
  }
  if (held.length > 0) yield Buffer.from(held.join(''))
}

/** The lines of a file, within bounds, whose records are rejects. */
export async function rejectedLines(
  tx: Connection,
  ingestId: string,
  { fileNo, from, to }: { fileNo: number; from: number; to: number },
): Promise<Set<number>> {
  const { rows } = await tx.query(
    `select line from sluice.rejects
     where ingest_id = $1 and file_no = $2 and line between $3 and $4`,
    [ingestId, fileNo, from, to],
  )
  return new Set(rows.map(({ line }) => line))
}

/** The next rejects by file and line. `all` also has those that were loaded after all. */
interface RejectsPage {
  limit: number
  /** The last one of the page before. */
  after: { fileNo: number; line: number }
  all?: boolean
}

/** @param bytesMax ends the page early; its first reject is always there */
async function rejectsOf(
  db: Db,
  ingestId: string,
  { limit, after, all = false }: RejectsPage,
  bytesMax: number | null,
): Promise<{ rejects: RejectView[]; isLast: boolean }> {
  // The lengths are known without reading the texts, which lie apart from their rows.
  const { rows } = await db.query(
    `with page as (
       select file, file_no, line, column_name, code, constraint_name, error, raw, loaded_at,
              retry_id, octet_length(raw) + octet_length(error) + octet_length(file) as bytes
       from sluice.rejects
       where ingest_id = $1 and (file_no, line) > ($2, $3) and ($5 or loaded_at is null)
       order by file_no, line limit $4::int + 1
     ), summed as (
       select page.*, count(*) over () as found,
              sum(bytes::bigint) over (order by file_no, line) - bytes as before
       from page
     )
     select file, file_no as "fileNo", line, column_name as "column", code,
            constraint_name as "constraint", error, raw, loaded_at as "loadedAt",
            retry_id as "retryId", found
     from summed where $6::bigint is null or before < $6
     order by file_no, line limit $4`,
    [ingestId, after.fileNo, after.line, limit, all, bytesMax],
  )
  const rejects = rows.map(({ found, ...reject }) => reject as RejectView)
  return { rejects, isLast: rejects.length === (rows[0]?.found ?? 0) }
}

/** A page that is bounded in bytes, too. */
export const pageOfRejects = (db: Db, ingestId: string, page: RejectsPage) =>
  rejectsOf(db, ingestId, page, pageBytesMax)

/** As many as the limit says, whatever bytes they have. */
export const listRejects = async (
  db: Db,
  ingestId: string,
  page: RejectsPage,
): Promise<RejectView[]> => (await rejectsOf(db, ingestId, page, null)).rejects

/** Every reject, page by page. */
export async function* eachReject(
  db: Db,
  ingestId: string,
  { all = false, pageSize = 1000 } = {},
): AsyncGenerator<RejectView> {
  let after = { fileNo: -1, line: 0 }
  while (true) {
    const page = { limit: pageSize, after, all }
    const { rejects, isLast } = await pageOfRejects(db, ingestId, page)
    yield* rejects
    const last = rejects.at(-1)
    if (!last || isLast) return
    after = last
  }
}

/** COPY's text format: backslash escapes, `\N` for NULL. */
const copyText = (value: string | null): string =>
  value === null
    ? '\\N'
    : value.replace(/[\\\n\r\t]/g, (char) => escapes[char as keyof typeof escapes])
const escapes = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' } as const

/** The first reject that was not loaded after all, in words. */
export async function firstReject(db: Db | Connection, ingestId: string): Promise<string> {
  const { rows } = await db.query(
    `select file, line, column_name, error from sluice.rejects
     where ingest_id = $1 and loaded_at is null order by file_no, line limit 1`,
    [ingestId],
  )
  const { file, line, column_name: column, error } = rows[0]
  return `${file} line ${line}${column ? `, column ${column}` : ''}: ${error}`
}

export type SampledReject = Pick<
  RejectView,
  'code' | 'column' | 'error' | 'raw' | 'fileNo' | 'line'
>

/** The first open rejects, to see what they have in common. Every one would be too many to look at. */
export async function sampleRejects(
  db: Db | Connection,
  ingestId: string,
): Promise<SampledReject[]> {
  const { rows } = await db.query<SampledReject>(
    `select code, column_name as "column", left(error, 200) as error, left(raw, 2000) as raw,
            file_no as "fileNo", line
     from sluice.rejects
     where ingest_id = $1 and loaded_at is null order by file_no, line limit 1000`,
    [ingestId],
  )
  return rows
}
