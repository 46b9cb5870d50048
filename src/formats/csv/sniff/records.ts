/** The first records of a file as sniffing looks at them. */
import type { Dialect } from '../dialect.ts'
import { marksOf } from '../marks.ts'
import { type Field, fieldsAt, soundRecords } from '../records.ts'
import { looseFields } from './loose.ts'

export interface HeadRecord {
  fields: Field[]
  values: (string | null)[]
  /** Its quotes make no sense. Only the first record may be so: it may be a header all the same. */
  broken: boolean
}

const recordsMax = 3000
/** After so many broken lines more of them would tell nothing, and might take for ever. */
const brokenMax = 100

interface Options {
  /** `body` is all there is; if not, its last record may be cut short. */
  whole: boolean
  most?: number
}

/** The records of the head that can be read, without blank ones. */
export function headRecords(
  body: Buffer,
  dialect: Dialect,
  { whole, most = recordsMax }: Options,
): HeadRecord[] {
  const records: HeadRecord[] = []
  let broken = 0
  const marks = marksOf(dialect)
  for (const span of soundRecords(body, dialect, { recordBytesMax: body.length, spans: true })) {
    const isCut = span.next >= body.length && !whole && records.length > 0
    if (isCut || records.length >= most || broken >= brokenMax) break
    if (span.broken) broken++
    if (span.blank || (span.broken && records.length + broken > 1)) continue
    const fields = span.broken
      ? looseFields(body.subarray(span.start, span.end), dialect)
      : fieldsAt(body, span.spans, marks)
    const values = fields.map((field) => valueOf(field, dialect))
    records.push({ fields, values, broken: span.broken })
  }
  return records
}

function valueOf({ value, quoted }: Field, { nullText, nullWords = [] }: Dialect): string | null {
  return !quoted && (value === nullText || nullWords.includes(value)) ? null : value
}

/** The number of fields that most have; that of the earlier ones when several do. */
export function widthOfMost(widths: readonly number[]): { width: number; count: number } {
  const counts = new Map<number, number>()
  for (const width of widths) counts.set(width, (counts.get(width) ?? 0) + 1)
  let best = { width: 0, count: 0 }
  for (const [width, count] of counts) if (count > best.count) best = { width, count }
  return best
}
