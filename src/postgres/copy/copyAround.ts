/**
 * COPY around the records that make it abort.
 *
 * Some faults are no "data type incompatibility" for COPY: a NULL in a NOT NULL column, a value
 * of a type without soft errors, a row that is too wide. PostgreSQL names the line then; that
 * record is set aside, the ones before it are copied, and COPY goes on behind it.
 */

import { copyText } from '../../domain/copyForm.ts'
import { type Connection, constraintOf, problemOf } from '../db.ts'
import { isAboutRows, sqlState } from '../sqlState.ts'
import { abortedAt, columnOf } from './context.ts'
import { type CopyTarget, copyRows } from './copy.ts'

/** Records as COPY text, a line each. */
export interface Records {
  bytes: Buffer
  /** Where each record ends in `bytes`, its newline included. */
  ends: readonly number[]
}

export interface Refused {
  /** Which of the records. */
  index: number
  column: string | null
  /** The SQLSTATE; null when the value does not fit the column's type. */
  code: string | null
  /** The constraint of the target that was violated, when rows go straight into it. */
  constraint: string | null
  error: string
}

/** Rows as COPY text go into the table with these names and types. */
export type TextTarget = Omit<CopyTarget, 'form'>

const pieceBytes = 256 * 1024

/**
 * Each turn either copies records, sets one aside, or tries fewer: those in front of the one that
 * PostgreSQL named, or half of them. It may name none, as for a foreign key that is judged at the
 * end; and of a row that is too wide it names the line at which it wrote its rows, so the culprit may
 * stand before that. Where the records in front of a named one do not go in either, the range is
 * halved at least, so that one culprit takes no more turns than its range can be halved.
 * @returns rows copied, and the records that PostgreSQL refused, in order
 */
export async function copyAround(
  tx: Connection,
  target: TextTarget,
  records: Records,
): Promise<{ rows: number; refused: Refused[] }> {
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
    const pieces = piecesOf(records, from, end)
    const copied = await copyRows(tx, { ...target, form: copyText }, pieces).catch(toError)
    if (copied instanceof Error) {
      await tx.query('rollback to savepoint around')
      const named = culpritOf(copied, target, { from, end })
      const half = Math.floor((end - from) / 2)
      if (named === null || (culprit !== null && named - from > half)) width = half
      else culprit = refusedAt(named, copied, target)
    } else {
      rows += copied.rows
      for (const { copyLine, column, error } of copied.skipped) {
        const index = from + copyLine - 1
        refused.push({ index, column, code: null, constraint: null, error })
      }
      from = end
      width *= 2
    }
    await tx.query('release savepoint around')
  }
  return { rows, refused }
}

const toError = (error: Error): Error => error

/** What PostgreSQL says of the record at which it gave up. */
export const refusedAt = (index: number, error: unknown, target: TextTarget): Refused => ({
  index,
  column: columnOf(error, target),
  code: sqlState(error),
  constraint: constraintOf(error),
  error: problemOf(error),
})

/**
 * @returns null when the error does not name one of the records, and there are several
 * @throws the error itself, when it is not about the records
 */
function culpritOf(
  error: Error,
  target: TextTarget,
  { from, end }: { from: number; end: number },
): number | null {
  if (!isAboutRows(error)) throw error
  if (end - from === 1) return from
  const line = abortedAt(error, target)
  const index = from + (line ?? 0) - 1
  return index >= from && index < end ? index : null
}

const startOf = (ends: readonly number[], index: number): number =>
  index > 0 ? (ends[index - 1] as number) : 0

function* piecesOf({ bytes, ends }: Records, from: number, end: number): Generator<Buffer> {
  const last = startOf(ends, end)
  for (let at = startOf(ends, from); at < last; at += pieceBytes) {
    yield bytes.subarray(at, Math.min(last, at + pieceBytes))
  }
}
