/** Which of the first records are titles, which is the header, and which are data. */
import { looksLikeValue } from '../domain/columns.ts'
import type { Format } from '../domain/format.ts'
import type { Dialect } from '../domain/words.ts'
import { marksOf } from './marks.ts'
import { bodyOf, recordsOf, shapeOf, soundRecords, valuesOf } from './records.ts'

export interface SniffedRows {
  dialect: Dialect
  /** The data records, their values field by field. */
  records: (string | null)[][]
}

const recordsMax = 3000
/** After so many broken lines more of them would tell nothing, and might take for ever. */
const brokenMax = 100
/** More lines than that are no title. */
const preambleMax = 100

interface Known {
  format: Format
  /** Fields of most records. */
  width: number
  whole: boolean
}

export function sniffRows(head: Buffer, given: Dialect, known: Known): SniffedRows {
  const { format } = known
  const skipRows = format.skipRows ?? preambleOf(head, given, known)
  const { skipRows: _, ...rest } = given
  const dialect = skipRows > 0 ? { ...rest, skipRows } : rest
  const records = valuesIn(bodyOf(head, dialect), dialect, known.whole)
  if (format.header !== undefined) {
    const rows = dialect.header ? (dialect.headerRows ?? 1) : 0
    return { dialect, records: records.slice(rows) }
  }
  const header = isHeader(records)
  return { dialect: { ...dialect, header }, records: records.slice(header ? 1 : 0) }
}

function valuesIn(body: Buffer, dialect: Dialect, whole: boolean): (string | null)[][] {
  const records: (string | null)[][] = []
  let broken = 0
  for (const span of soundRecords(body, dialect, { recordBytesMax: body.length })) {
    const cutShort = span.next >= body.length && !whole && records.length > 0
    if (cutShort || records.length >= recordsMax || broken >= brokenMax) break
    if (span.broken) broken++
    if (span.blank || span.broken) continue
    records.push(valuesOf(body.subarray(span.start, span.end), dialect))
  }
  return records
}

/**
 * Lines in front of the first record from which the widths agree: titles, remarks, dates of a
 * report. Only narrow ones are left out, and only when a header follows: a bad first record of
 * the data is a matter for its row.
 */
function preambleOf(head: Buffer, dialect: Dialect, { format, width, whole }: Known): number {
  if (width < 2 || format.header === false || format.header === 0) return 0
  const { newline } = marksOf(dialect)
  let from = 0
  let titles = 0
  for (let line = 0; line < preambleMax && from < head.length; line++) {
    const step = recordsOf(head, dialect, { from }).next()
    if (step.done) return 0
    const { start, end, blank } = step.value
    const fields = shapeOf(head.subarray(start, end), dialect).fields
    if (start === from && !blank && fields === width) {
      return titles > 0 && startsTable(head.subarray(from), dialect, { format, width, whole })
        ? line
        : 0
    }
    const lineEnd = head.indexOf(newline, from)
    if (lineEnd < 0) return 0
    const alone = shapeOf(head.subarray(from, lineEnd), dialect).fields
    if (alone > Math.max(1, width / 2)) return 0
    if (start === from && !blank) titles++
    from = lineEnd + 1
  }
  return 0
}

/** A header, and records as wide as it. */
function startsTable(body: Buffer, dialect: Dialect, { format, width, whole }: Known): boolean {
  const records = valuesIn(body, dialect, whole)
  if (records.length < 2 || records[1]?.length !== width) return false
  return format.header !== undefined || format.columns !== undefined || isHeader(records)
}

/**
 * A header names things: none of its fields looks like a value. If some are empty, or the same,
 * there must be a column whose values look like values to tell it from them.
 */
function isHeader(records: readonly (string | null)[][]): boolean {
  const [first, ...data] = records
  if (!first) return true
  const names = first.map((name) => (name ?? '').trim())
  if (names.every((name) => name === '') || names.some(looksLikeValueIfAny)) return false
  const distinct = new Set(names.map((name) => name.toLowerCase())).size === names.length
  if (distinct && !names.includes('')) return true
  return names.some((name, field) => name !== '' && isOfValues(data, field))
}

const looksLikeValueIfAny = (name: string): boolean => name !== '' && looksLikeValue(name)

function isOfValues(data: readonly (string | null)[][], field: number): boolean {
  const values = data.map((record) => (record[field] ?? '').trim()).filter((value) => value !== '')
  return values.length > 0 && values.every(looksLikeValue)
}
