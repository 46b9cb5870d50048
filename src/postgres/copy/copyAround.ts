/**
 * COPY around the records that make it abort.
 *
 * Some faults are no "data type incompatibility" for COPY: a NULL in a NOT NULL column, a value
 * of a type without soft errors, a row that is too wide. PostgreSQL names the line then; that
 * record is set aside, the ones before it are copied, and COPY goes on behind it.
 */

import type { DatabaseError } from 'pg'
import { copyText } from '../../domain/copyForm.ts'
import { type Connection, constraintOf, problemOf } from '../db.ts'
import { isAboutRow, isAboutRows, sqlState } from '../sqlState.ts'
import { triggerOf, withTrigger } from '../target/trigger.ts'
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

interface Around {
  /** How many went in. */
  rows: number
  refused: Refused[]
}

/** Rows as COPY text go into the table with these names and types. */
export type TextTarget = Omit<CopyTarget, 'form'>

/** More records were refused by the code of the table than are worth a search for each. */
export class TooManyRaised extends Error {
  readonly first: Refused

  constructor(first: Refused, most: number) {
    super(`more than ${most} rows`)
    this.first = first
  }
}

const raisedUsually = 10_000
const pieceBytes = 256 * 1024

/**
 * Each turn either copies records, sets one aside, or tries fewer: those in front of the one that
 * PostgreSQL named, or half of them. It may name none, as for a foreign key that is judged at the
 * end; and of a row that is too wide it names the line at which it wrote its rows, so the culprit may
 * stand before that. Where the records in front of a named one do not go in either, the range is
 * halved at least, so that one culprit takes no more turns than its range can be halved.
 *
 * What the code of the table raises is about a record only if the table takes no records at all: a
 * trigger for each statement is asked first.
 * @returns rows copied, and the records that PostgreSQL refused, in order
 * @throws TooManyRaised; what the table says that is not about the records
 */
export async function copyAround(
  tx: Connection,
  target: TextTarget,
  records: Records,
  raisedMax = raisedUsually,
): Promise<Around> {
  const count = records.ends.length
  const refused: Refused[] = []
  const refusal = refusals(tx, target, raisedMax)
  let rows = 0
  let width = count
  let culprit = null as Refused | null
  await tx.query('savepoint around')
  for (let from = 0; from < count; ) {
    if (culprit?.index === from) {
      refused.push(culprit)
      culprit = null
      from++
      continue
    }
    const end = Math.min(from + width, culprit?.index ?? count)
    const copied = await copyRange(tx, target, records, { from, end })
    if (copied instanceof Error) {
      const named = culpritOf(copied, target, { from, end })
      const half = Math.floor((end - from) / 2)
      if (named === null || (culprit !== null && named - from > half)) width = half
      else culprit = await refusal(named, copied)
    } else {
      rows += copied.rows
      for (const each of copied.refused) refused.push(each)
      from = end
      width *= 2
    }
  }
  await tx.query('release savepoint around')
  return { rows, refused }
}

interface Range {
  from: number
  end: number
}

/** @returns the error with which COPY gave up; then it was undone */
async function copyRange(
  tx: Connection,
  target: TextTarget,
  records: Records,
  { from, end }: Range,
): Promise<Around | Error> {
  const pieces = piecesOf(records, from, end)
  const copied = await copyRows(tx, { ...target, form: copyText }, pieces).catch(toError)
  if (copied instanceof Error) {
    await tx.query('rollback to savepoint around')
    return copied
  }
  if (end < records.ends.length) await tx.query('release savepoint around; savepoint around')
  const refused = copied.skipped.map(({ copyLine, ...why }) => {
    return { ...why, index: from + copyLine - 1, code: null, constraint: null }
  })
  return { rows: copied.rows, refused }
}

const toError = (error: Error): Error => error

/** @returns what makes a refusal of the error that names a record */
function refusals(tx: Connection, target: TextTarget, raisedMax: number) {
  // A trigger says it at the same place of its function for record after record.
  const triggers = new Map<string, string | null>()
  let first: Refused | null = null
  let raised = 0
  return async (index: number, error: unknown): Promise<Refused> => {
    const refused = refusedAt(index, error, target)
    if (isAboutRows(error)) return refused
    if (first === null) await mustTakeNone(tx, target)
    const place = (error as DatabaseError).where?.replace(/^COPY .*/ms, '') ?? ''
    if (!triggers.has(place)) triggers.set(place, await triggerOf(tx, target.table, error))
    refused.error = withTrigger(refused.error, triggers.get(place) ?? null)
    first ??= refused
    if (++raised > raisedMax) throw new TooManyRaised(first, raisedMax)
    return refused
  }
}

/** @throws what the table says when it is given no record at all */
async function mustTakeNone(tx: Connection, target: TextTarget): Promise<void> {
  await copyRows(tx, { ...target, form: copyText }, [])
}

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
function culpritOf(error: Error, target: TextTarget, { from, end }: Range): number | null {
  if (!isAboutRow(error)) throw error
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
