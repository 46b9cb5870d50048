/**
 * How many lines in front of the table are not records of it: titles, remarks, dates of a
 * report, blank lines. They are left out only when a header follows: a bad first record of the
 * data is a matter for its row. Lines that are as wide as the records, padded with delimiters, or
 * of an odd width, want a header that values below it prove; but for a few words alone in the first
 * field, above names and records that all hold more.
 */

import type { Dialect } from '../dialect.ts'
import { marksOf } from '../marks.ts'
import type { CsvOptions } from '../options.ts'
import { fieldsOf, soundRecords } from '../records.ts'
import { isHeader, proofsOf } from './header.ts'
import { looseFields } from './loose.ts'
import { headRecords } from './records.ts'

/** More lines than that are no title. */
const linesMax = 100
/** A longer line is no title, nor a header below one. */
const lineBytesMax = 1 << 16
/** Enough to see whether values stand below names. */
const recordsMax = 200
/** How many lines are tried as a header: some may look like one and be none. */
const trialsMax = 5
/** Lines as wide as the records are few, and hold next to nothing: they might be records. */
const paddedMax = 10
const wideLeast = 6

export interface Known {
  format: CsvOptions
  /** Fields of most records, and how many of them hold something in any of them. */
  width: number
  used: number
  whole: boolean
}

interface Line {
  next: number
  fields: number
  filled: number
  /** Not blank, and no comment. */
  isRecord: boolean
  /** Several words in the first field, and nothing behind them. */
  isPhrase: boolean
}

/** Fewer records do not show that words alone are none. */
const recordsLeast = 3

export function titlesIn(body: Buffer, dialect: Dialect, known: Known): number {
  const { format, width, used } = known
  if (format.header === false || format.header === 0 || width < 2) return 0
  const { newline } = marksOf(dialect)
  let best = { at: 0, proofs: 0, isOdd: false }
  let titles = 0
  let trials = 0
  let padded = 0
  let isNarrow = true
  let isPadded = false
  let from = 0
  for (let at = 0; at < linesMax && trials < trialsMax && from < body.length; at++) {
    const line = lineAt(body, from, dialect)
    if (line.filled > 1 && line.filled * 2 > used) {
      trials++
      if (titles === 0 && line.fields === width && line.filled >= used) break
      const isEnough = isNarrow && titles > 0 && (isPadded ? 'below padding' : 'plain')
      const proofs = proofsAt(body.subarray(from), dialect, known, isEnough)
      const isOdd = line.fields !== width
      if (proofs > best.proofs || (proofs === best.proofs && best.isOdd && !isOdd)) {
        best = { at, proofs, isOdd }
      }
      if (proofs < 1 && !isOdd) break
    } else if (line.fields === width && line.filled > 0 && !mayBeTitle(line, ++padded)) break
    const lineEnd = body.indexOf(newline, from)
    if (lineEnd < 0) break
    const alone = line.next === lineEnd + 1 ? line.fields : widthAlone(body, from, lineEnd, dialect)
    const isWide = alone > Math.max(1, width / 2)
    if (isWide && !line.isPhrase) isNarrow = false
    isPadded ||= isWide
    if (line.isRecord) titles++
    from = lineEnd + 1
  }
  return best.at
}

const mayBeTitle = ({ fields, filled }: Line, padded: number): boolean =>
  filled <= (fields < wideLeast ? 1 : 2) && padded <= paddedMax

/** The record that begins there, should it be one. */
function lineAt(body: Buffer, from: number, dialect: Dialect): Line {
  const window = body.subarray(from, from + lineBytesMax)
  const step = soundRecords(window, dialect, { recordBytesMax: window.length }).next()
  const none = { fields: 0, filled: 0, isRecord: false, isPhrase: false }
  if (step.done) return { ...none, next: body.length }
  const { start, end, next, blank, broken } = step.value
  const isRecord = start === 0 && !blank
  if (!isRecord) return { ...none, next: from + next }
  const record = window.subarray(start, end)
  const fields = broken ? looseFields(record, dialect) : fieldsOf(record, dialect)
  const filled = filledIn(fields.map(({ value }) => value))
  const isPhrase = filled === 0 || (filled === 1 && /\S\s+\S/.test(fields[0]?.value ?? ''))
  return { next: from + next, fields: fields.length, filled, isRecord, isPhrase }
}

const filledIn = (values: readonly (string | null)[]): number =>
  values.filter((value) => (value ?? '').trim() !== '').length

const widthAlone = (body: Buffer, from: number, end: number, dialect: Dialect): number =>
  fieldsOf(body.subarray(from, Math.min(end, from + lineBytesMax)), dialect).length

/**
 * What proves that the first record is a header: of records that are as wide as they should be.
 * @param isEnough names without a proof count as half of one
 */
function proofsAt(
  body: Buffer,
  dialect: Dialect,
  { format, width, whole }: Known,
  isEnough: 'plain' | 'below padding' | false,
): number {
  const [first, ...records] = headRecords(body, dialect, { whole, most: recordsMax })
  if (!first || records[0]?.values.length !== width) return 0
  const data = records.map(({ values }) => values).filter((values) => values.length === width)
  const proofs = proofsOf(first.values, data)
  if (proofs > 0 || !isEnough || first.values.length !== width) return proofs
  if (isEnough === 'below padding') {
    const isUnlike = data.length >= recordsLeast && data.every((values) => filledIn(values) > 1)
    if (!isUnlike || filledIn(first.values) < width) return proofs
  }
  const isGiven = format.header !== undefined || format.columns !== undefined
  return isGiven || isHeader(first.values, data) ? 0.5 : 0
}
