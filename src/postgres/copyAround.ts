/**
 * COPY around the records that make it abort.
 *
 * Some faults are no "data type incompatibility" for COPY: a NULL in a NOT NULL column, a value
 * of a type without soft errors, a row that is too wide. PostgreSQL names the line then; that
 * record is set aside, the ones before it are copied, and COPY goes on behind it.
 */
import { abortedAt, type CopyTarget, columnOf, copyCsv } from './copy.ts'
import { type Connection, constraintOf, isAboutRows, problemOf, sqlState } from './db.ts'
import type { Skipped } from './notice.ts'

/** Records one after the other, each with a `\n` behind it. */
export interface Records {
  bytes: Buffer
  /** Where each record ends in `bytes`, its line end included. */
  ends: readonly number[]
}

export interface Refused {
  /** Which of the records. */
  index: number
  column: string | null
  /** The SQLSTATE; null when the value does not fit the column's type. */
  code: string | null
  /** Of the target, when rows go straight into it. */
  constraint: string | null
  error: string
}

const pieceBytes = 256 * 1024
const LF = 10
const CR = 13

/** @returns rows copied, and the records that PostgreSQL refused, in order */
export async function copyAround(
  tx: Connection,
  target: CopyTarget,
  records: Records,
): Promise<{ rows: number; refused: Refused[] }> {
  const dialect = { ...target.dialect, newline: '\n' as const }
  const to = { ...target, dialect }
  const count = records.ends.length
  const refused: Refused[] = []
  let rows = 0
  let from = 0
  while (from < count) {
    let end = count
    let culprit: Refused | null = null
    await tx.query('savepoint around')
    let copied = await copyCsv(tx, to, piecesOf(records, from, end)).catch((error) => error)
    if (copied instanceof Error) {
      end = culpritOf(copied, records, from)
      culprit = {
        index: end,
        column: columnOf(copied),
        code: sqlState(copied),
        constraint: constraintOf(copied),
        error: problemOf(copied),
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
function* skippedOf(
  skipped: readonly Skipped[],
  records: Records,
  from: number,
): Generator<Refused> {
  const find = lineFinder(records, from)
  for (const { copyLine, column, error } of skipped) {
    yield { index: find(copyLine), column, code: null, constraint: null, error }
  }
}

/** @throws the error itself, when it is not about one of the records */
function culpritOf(error: Error, records: Records, from: number): number {
  const line = isAboutRows(error) ? abortedAt(error) : null
  if (line === null) throw error
  return lineFinder(records, from)(line)
}

/**
 * Finds the record that COPY, started at `from`, counts as line `copyLine`: see csv/records.ts.
 * It goes on where it stopped, so it must be asked for growing lines.
 */
function lineFinder({ bytes, ends }: Records, from: number): (copyLine: number) => number {
  const linesOf = (index: number): number => {
    const span = { start: startOf(ends, index), end: (ends[index] as number) - 1 }
    return 1 + countOf(bytes, index === from ? CR : LF, span)
  }
  let index = from
  let line = linesOf(from)
  return (copyLine) => {
    while (line < copyLine && index < ends.length - 1) line += linesOf(++index)
    return index
  }
}

const startOf = (ends: readonly number[], index: number): number =>
  index > 0 ? (ends[index - 1] as number) : 0

function countOf(bytes: Buffer, byte: number, { start, end }: { start: number; end: number }) {
  let count = 0
  for (let at = start; at < end; at++) if (bytes[at] === byte) count++
  return count
}

function* piecesOf({ bytes, ends }: Records, from: number, end: number): Generator<Buffer> {
  const last = startOf(ends, end)
  for (let at = startOf(ends, from); at < last; at += pieceBytes) {
    yield bytes.subarray(at, Math.min(last, at + pieceBytes))
  }
}
