/**
 * COPY around the records that make it abort.
 *
 * Some faults are no "data type incompatibility" for COPY: a NULL in a NOT NULL column, a value
 * of a type without soft errors, a row that is too wide. PostgreSQL names the line then; that
 * record is set aside, the ones before it are copied, and COPY goes on behind it.
 */

import { type Connection, constraintOf, problemOf } from '../db.ts'
import { isAboutRows, sqlState } from '../sqlState.ts'
import { abortedAt, type Copied, type CopyTarget, columnOf, copyCsv } from './copy.ts'
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

/**
 * A foreign key or a deferrable key is judged behind the last line, and no line is named: half as
 * many records are tried then, down to one.
 * @returns rows copied, and the records that PostgreSQL refused, in order
 */
export async function copyAround(
  tx: Connection,
  target: CopyTarget,
  records: Records,
): Promise<{ rows: number; refused: Refused[] }> {
  const to = { ...target, dialect: { ...target.dialect, newline: '\n' as const } }
  const count = records.ends.length
  const refused: Refused[] = []
  let rows = 0
  let width = count
  let culprit = null as Refused | null
  for (let from = 0; from < count; ) {
    if (culprit?.index === from) {
      refused.push(culprit)
      culprit = null
      from++
      continue
    }
    const end = Math.min(from + width, culprit?.index ?? count)
    await tx.query('savepoint around')
    const copied: Copied | Error = await copyCsv(tx, to, piecesOf(records, from, end)).catch(
      toError,
    )
    if (copied instanceof Error) {
      const index = culpritOf(copied, records, { from, end })
      await tx.query('rollback to savepoint around')
      if (index === null) width = Math.floor((end - from) / 2)
      else culprit = refusedAt(index, copied)
    } else {
      rows += copied.rows
      for (const each of skippedOf(copied.skipped, records, from)) refused.push(each)
      from = end
      width *= 2
    }
    await tx.query('release savepoint around')
  }
  return { rows, refused }
}

const toError = (error: Error): Error => error

/** What PostgreSQL says of the record at which it gave up. */
export const refusedAt = (index: number, error: unknown): Refused => ({
  index,
  column: columnOf(error),
  code: sqlState(error),
  constraint: constraintOf(error),
  error: problemOf(error),
})

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

/**
 * @returns null when the error does not name the record, and there are several
 * @throws the error itself, when it is not about one of the records
 */
function culpritOf(
  error: Error,
  records: Records,
  { from, end }: { from: number; end: number },
): number | null {
  if (!isAboutRows(error)) throw error
  const line = abortedAt(error)
  if (line !== null) return lineFinder(records, from)(line)
  return end - from > 1 ? null : from
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
