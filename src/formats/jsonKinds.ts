/** What the values of the fields of objects are, for the types of new columns. */
import { type FieldFacts, type Kind, kinds } from '../domain/types.ts'
import {
  isBoolean,
  isEscaped,
  isNull,
  isOdd,
  isString,
  isWide,
  type JsonRecord,
} from './jsonRecord.ts'
import { decimal, science, whole } from './jsonSyntax.ts'
import { isNegativeZero, isoKindOf, isUuid, numberKind } from './plainKinds.ts'

const numbers = new Map(kinds.map((kind, number) => [kind, number]))
const numberOf = (kind: Kind): number => numbers.get(kind) as number
const text = numberOf('text')
const kindOfBoolean = numberOf('boolean')
const kindOfWhole = numberOf('whole')
const kindOfDecimal = numberOf('decimal')
const kindOfScience = numberOf('science')
const kindOfDocument = numberOf('jsonb')
/** How much of a first value is kept: enough to recognise it. */
const valueBytes = 40
/** A bigint holds all numbers of so many digits; others are looked at with care. */
const wholeBytes = 18

const minus = 45
const zero = 48

const usualFields = 32

interface First {
  line: number
  value: string
}

export class JsonKinds {
  /** Values of each field, null among them: how many records have its key. */
  present = new Float64Array(usualFields)
  #counts = new Float64Array(usualFields * kinds.length)
  readonly #firsts = new Map<number, First>()
  records = 0
  /** For each field, a bit for each kind that has come; and how often one of them was new. */
  seen = new Int32Array(usualFields)
  news = 0

  /** @param line on which the record starts */
  add(record: JsonRecord, bytes: Buffer, line: number): void {
    this.records++
    const fields = record.tree.fields.length
    if (fields > this.present.length) this.#makeRoom(2 * fields)
    for (let field = 0; field < fields; field++) {
      if (!record.has(field)) continue
      ;(this.present[field] as number)++
      if (record.kinds[field] === isNull) continue
      const kind = kindOf(record, field, bytes)
      const at = field * kinds.length + kind
      if ((this.#counts[at] as number)++ > 0) continue
      const from = record.starts[field] as number
      const to = record.ends[field] as number
      const isText = record.kinds[field] === isString || record.kinds[field] === isEscaped
      const [start, end] = isText ? [from + 1, to - 1] : [from, to]
      const value = bytes.toString('utf8', start, Math.min(end, start + valueBytes))
      this.#firsts.set(at, { line, value })
      ;(this.seen[field] as number) |= 1 << kind
      this.news++
    }
  }

  /**
   * Records whose kinds were all seen before.
   * @param countsOf how many values a field has of each kind, and of null as the first of them
   */
  addCounted(
    records: number,
    fields: number,
    countsOf: (field: number) => Readonly<Int32Array>,
  ): void {
    this.records += records
    if (fields > this.present.length) this.#makeRoom(2 * fields)
    for (let field = 0; field < fields; field++) {
      const counted = countsOf(field)
      for (let kind = 0; kind < kinds.length; kind++) {
        const count = counted[kind] as number
        ;(this.present[field] as number) += count
        if (kind > 0) (this.#counts[field * kinds.length + kind] as number) += count
      }
    }
  }

  #makeRoom(fields: number): void {
    const [present, counts] = [this.present, this.#counts]
    this.present = new Float64Array(fields)
    this.present.set(present)
    this.#counts = new Float64Array(fields * kinds.length)
    this.#counts.set(counts)
    const { seen } = this
    this.seen = new Int32Array(fields)
    this.seen.set(seen)
  }

  /** Whether a field has no value but null. */
  isNull(field: number): boolean {
    return this.facts(field).tallies.length === 0
  }

  facts(field: number): FieldFacts {
    const tallies = kinds.flatMap((kind, number): FieldFacts['tallies'] => {
      const at = field * kinds.length + number
      const count = this.#counts[at] ?? 0
      const { line, value } = this.#firsts.get(at) ?? { line: 0, value: '' }
      return count > 0 ? [[kind, count, line, value]] : []
    })
    return { tallies }
  }
}

/** True is a boolean, and "1" is a text; only dates and uuids have no other way of being written. */
function kindOf({ kinds: types, starts, ends }: JsonRecord, field: number, bytes: Buffer): number {
  const type = types[field] as number
  const from = starts[field] as number
  const to = ends[field] as number
  if (type === isString) return kindOfText(bytes, from + 1, to - 1)
  if (bytes[from] === minus && bytes[from + 1] === zero && isZero(bytes, from, to)) return text
  if (type === whole) return to - from <= wholeBytes ? kindOfWhole : kindOfLong(bytes, from, to)
  if (type === decimal) return kindOfDecimal
  if (type === isBoolean) return kindOfBoolean
  if (type === science) return kindOfScience
  return type === isEscaped || type === isOdd || type === isWide ? text : kindOfDocument
}

const isZero = (bytes: Buffer, from: number, to: number): boolean =>
  isNegativeZero(bytes.toString('latin1', from, to))

const kindOfLong = (bytes: Buffer, from: number, to: number): number =>
  numberOf(numberKind(bytes.toString('latin1', from, to)) ?? 'text')

/** `2024-01-31` is the shortest, a timestamp with an offset the longest. */
const timeBytesMin = 10
const timeBytesMax = 40
const uuidBytes = 36

function kindOfText(bytes: Buffer, from: number, to: number): number {
  const size = to - from
  if (size < timeBytesMin || size > timeBytesMax) return text
  if (bytes[from + 4] === 45 && bytes[from + 7] === 45) {
    const kind = isoKindOf(bytes.toString('latin1', from, to))
    return kind === null || kind === 'other' ? text : numberOf(kind)
  }
  const isId =
    size === uuidBytes && bytes[from + 8] === 45 && isUuid(bytes.toString('latin1', from, to))
  return isId ? numberOf('uuid') : text
}
