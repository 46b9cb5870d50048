/**
 * COPY around the records that make it abort.
 *
 * Some faults are no "data type incompatibility" for COPY: a NULL in a NOT NULL column, a value
 * of a type without soft errors, a row that is too wide. PostgreSQL names the line then; that
 * record is set aside, the ones before it are copied, and COPY goes on behind it.
 */
import { messageOf } from '../errors.ts'
import { abortedAt, type CopyTarget, columnOf, copyCsv } from './copy.ts'
import { type Connection, isAboutRows, sqlState } from './db.ts'
import type { Skipped } from './notice.ts'

/** A record without its line end. */
export interface AroundRecord {
  raw: Buffer
}

export interface Refused<R extends AroundRecord> {
  record: R
  column: string | null
  /** The SQLSTATE; null when the value does not fit the column's type. */
  code: string | null
  error: string
}

const pieceBytes = 256 * 1024
const LF = 10
const CR = 13

/** @returns rows copied, and the records that PostgreSQL refused, in order */
export async function copyAround<R extends AroundRecord>(
  tx: Connection,
  target: CopyTarget,
  records: readonly R[],
): Promise<{ rows: number; refused: Refused<R>[] }> {
  const dialect = { ...target.dialect, newline: '\n' as const }
  const to = { ...target, dialect }
  const refused: Refused<R>[] = []
  let rows = 0
  let from = 0
  while (from < records.length) {
    let end = records.length
    let culprit: Refused<R> | null = null
    await tx.query('savepoint around')
    let copied = await copyCsv(tx, to, piecesOf(records, from, end)).catch((error) => error)
    if (copied instanceof Error) {
      end = culpritOf(copied, records, from)
      culprit = {
        record: records[end] as R,
        column: columnOf(copied),
        code: sqlState(copied),
        error: messageOf(copied),
      }
      await tx.query('rollback to savepoint around')
      copied = end > from ? await copyCsv(tx, to, piecesOf(records, from, end)) : none
    }
    await tx.query('release savepoint around')
    rows += copied.rows
    for (const each of skippedOf(copied.skipped, records, from)) refused.push(each)
    if (culprit) refused.push(culprit)
    from = end + 1
  }
  return { rows, refused }
}

const none = { rows: 0, skipped: [] as Skipped[] }

/** COPY tells of skipped rows in their order, so one walk over the records finds them all. */
function* skippedOf<R extends AroundRecord>(
  skipped: readonly Skipped[],
  records: readonly R[],
  from: number,
): Generator<Refused<R>> {
  const find = lineFinder(records, from)
  for (const { copyLine, column, error } of skipped) {
    yield { record: records[find(copyLine)] as R, column, code: null, error }
  }
}

/** @throws the error itself, when it is not about one of the records */
function culpritOf(error: Error, records: readonly AroundRecord[], from: number): number {
  const line = isAboutRows(error) ? abortedAt(error) : null
  if (line === null) throw error
  return lineFinder(records, from)(line)
}

/**
 * Finds the record that COPY, started at `from`, counts as line `copyLine`: see csv/records.ts.
 * It goes on where it stopped, so it must be asked for growing lines.
 */
function lineFinder(records: readonly AroundRecord[], from: number): (copyLine: number) => number {
  const linesOf = (index: number): number =>
    1 + countOf((records[index] as AroundRecord).raw, index === from ? CR : LF)
  let index = from
  let line = linesOf(from)
  return (copyLine) => {
    while (line < copyLine && index < records.length - 1) line += linesOf(++index)
    return index
  }
}

function countOf(raw: Buffer, byte: number): number {
  let count = 0
  for (let at = raw.indexOf(byte); at >= 0; at = raw.indexOf(byte, at + 1)) count++
  return count
}

const lineEnd = Buffer.from('\n')

function* piecesOf(records: readonly AroundRecord[], from: number, end: number): Generator<Buffer> {
  let parts: Buffer[] = []
  let size = 0
  for (let index = from; index < end; index++) {
    const { raw } = records[index] as AroundRecord
    parts.push(raw, lineEnd)
    size += raw.length + 1
    if (size >= pieceBytes) {
      yield Buffer.concat(parts)
      parts = []
      size = 0
    }
  }
  if (size > 0) yield Buffer.concat(parts)
}
