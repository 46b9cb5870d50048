/** The records of slices of files of objects, whatever lies between these. */
import type { Column } from '../domain/columns.ts'
import { ByteCheck } from './faults.ts'
import type { JsonReading } from './jsonFields.ts'
import { KeyTree } from './jsonKeys.ts'
import { isEscaped, isNull, isString, JsonRecord } from './jsonRecord.ts'
import { JsonRows } from './jsonRows.ts'
import { textOf } from './jsonStrings.ts'
import type { Broken, Reader, RecordAt, Written } from './reader.ts'

/** The records of a slice, by what is between them. */
export type Spans = (slice: Buffer, before: number) => Iterable<RecordAt>

export function jsonReader(
  { keys, flatten = 0 }: JsonReading,
  columns: readonly Column[],
  spans: Spans,
): Reader {
  const record = new JsonRecord(new KeyTree(keys, { depth: flatten }))
  return {
    changesTerms: false,
    asIs: null,
    records: spans,
    write: (slice, before) => written(slice, spans(slice, before), { record, columns }),
    values: (raw) => valuesOf(raw, record),
    width: () => keys.length,
    ragged: () => even,
    isPart: () => false,
  }
}

/** What a unit keeps of a reading: the keys that have a column. */
export const ofFields = <R extends JsonReading>(reading: R, columns: readonly string[]): R => ({
  ...reading,
  keys: reading.keys.filter((_, at) => columns[at] !== ''),
})

const even = { dropped: [], isPadded: false }

function written(
  slice: Buffer,
  spans: Iterable<RecordAt>,
  { record, columns }: { record: JsonRecord; columns: readonly Column[] },
): Written {
  const check = new ByteCheck(slice)
  const rows = new JsonRows(columns, slice.length)
  const broken: Broken[] = []
  const lines: number[] = []
  const starts: number[] = []
  const rawEnds: number[] = []
  for (const { line, start, end } of spans) {
    const fault = check.fault(start, end) ?? record.read(slice, start, end)
    if (fault) {
      broken.push({ ...fault, line, raw: slice.subarray(start, end) })
      continue
    }
    rows.add(record, slice, end - start)
    lines.push(line)
    starts.push(start)
    rawEnds.push(end)
  }
  return { bytes: rows.bytes, ends: rows.ends, lines, starts, rawEnds, broken }
}

/** In the order of the fields; a record that cannot be read is one value. */
function valuesOf(raw: Buffer, record: JsonRecord): (string | null)[] {
  if (record.read(raw, 0, raw.length)) return [raw.toString()]
  return record.tree.fields.map((_, field) => {
    const kind = record.kinds[field]
    if (!record.has(field) || kind === isNull) return null
    const from = record.starts[field] as number
    const to = record.ends[field] as number
    const isText = kind === isString || kind === isEscaped
    return isText ? textOf(raw, from + 1, to - 1) : raw.toString('utf8', from, to)
  })
}
