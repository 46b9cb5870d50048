/** The records of slices of files of objects, whatever lies between these. */
import type { Column } from '../domain/columns.ts'
import { ByteCheck } from './faults.ts'
import type { JsonReading } from './jsonFields.ts'
import { KeyTree } from './jsonKeys.ts'
import { type Between, type PlainLines, PlainRows, recordNumbers } from './jsonPlain.ts'
import { isEscaped, isNull, isString, JsonRecord } from './jsonRecord.ts'
import { JsonRows, numberOf, type Way, wayOf } from './jsonRows.ts'
import { textOf } from './jsonStrings.ts'
import type { Broken, Reader, RecordAt, Written } from './reader.ts'

/** The records of a slice, and what is between them. */
export interface Spans {
  between: Between
  /** @param before how many lines, or elements, stand in front of the slice */
  of(slice: Buffer, before: number): Iterable<RecordAt>
}

export function jsonReader(
  { keys, flatten = 0 }: JsonReading,
  columns: readonly Column[],
  spans: Spans,
): Reader {
  const tree = new KeyTree(keys, { depth: flatten })
  const record = new JsonRecord(tree)
  const ways = columns.map(wayOf)
  const plain = new PlainRows(tree, spans.between, ways.map(numberOf))
  return {
    changesTerms: false,
    asIs: null,
    records: spans.of,
    write: (slice, before) => new Writing({ slice, record, ways }).write(before, { plain, spans }),
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

/** The records of one slice on their way. */
class Writing {
  readonly #slice: Buffer
  readonly #check: ByteCheck
  readonly #record: JsonRecord
  readonly #rows: JsonRows
  readonly #broken: Broken[] = []
  readonly #lines: number[] = []
  readonly #starts: number[] = []
  readonly #rawEnds: number[] = []

  constructor({
    slice,
    record,
    ways,
  }: { slice: Buffer; record: JsonRecord; ways: readonly Way[] }) {
    this.#slice = slice
    this.#check = new ByteCheck(slice)
    this.#record = record
    this.#rows = new JsonRows(ways, slice.length)
  }

  /** @param before how many lines, or elements, stand in front of the slice */
  write(before: number, { plain, spans }: { plain: PlainRows; spans: Spans }): Written {
    const slice = this.#slice
    const isClean = this.#check.isClean
    plain.take(slice)
    let line = before
    for (let at = 0; at < slice.length; ) {
      const lines = isClean ? plain.write(at) : null
      if (lines) {
        this.#add(lines, line)
        line += lines.count
        at = lines.end
        continue
      }
      const [next] = spans.of(slice.subarray(at), line)
      if (!next) break
      this.#look(next, at)
      line = next.line
      at += next.next
    }
    plain.take()
    const { bytes, ends } = this.#rows
    return {
      ...{ bytes, ends, broken: this.#broken },
      ...{ lines: this.#lines, starts: this.#starts, rawEnds: this.#rawEnds },
    }
  }

  #add({ count, bytes, records, base }: PlainLines, before: number): void {
    const first = this.#rows.append(bytes)
    for (let index = 0; index < count; index++) {
      const at = index * recordNumbers
      this.#lines.push(before + index + 1)
      this.#starts.push(base + (records[at] as number))
      this.#rawEnds.push(base + (records[at + 1] as number))
      this.#rows.ends.push(first + (records[at + 2] as number))
    }
  }

  #look({ line, start: from, end: to }: RecordAt, base: number): void {
    const slice = this.#slice
    const [start, end] = [base + from, base + to]
    const fault = this.#check.fault(start, end) ?? this.#record.read(slice, start, end)
    if (fault) {
      this.#broken.push({ ...fault, line, raw: slice.subarray(start, end) })
      return
    }
    this.#rows.add(this.#record, slice, end - start)
    this.#lines.push(line)
    this.#starts.push(start)
    this.#rawEnds.push(end)
  }
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
