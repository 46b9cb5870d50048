/** What the values of a file of fixed width are, for the types of new tables: all of them. */
import { isUtf8 } from 'node:buffer'
import type { FieldFacts, KindOrWord, Tally } from '../../domain/types.ts'
import { ColumnTally } from '../columnTally.ts'
import { absentField } from '../rewrite.ts'
import { TextKinds } from '../textKinds.ts'
import { FieldPlaces } from './fields.ts'
import type { FixedReading } from './reading.ts'

/** How much of a first value is kept: enough to recognise it. */
const valueChars = 40
/** So many values of a column are remembered with their kinds. */
const knownMax = 256
const knownBytes = 32
/** After so many records what was counted is put together. */
const recordsAtOnce = 4096
/** A bigint holds all numbers of so many digits. */
const digitsMax = 18

interface Counted {
  count: number
  line: number
  value: string
}

class Field {
  readonly tally = new ColumnTally()
  readonly known = new Map<string, KindOrWord>()
  counts = new Map<KindOrWord, Counted>()

  count(kind: KindOrWord, line: number, value: () => string): void {
    const counted = this.counts.get(kind)
    if (counted) counted.count++
    else if (kind !== 'null') {
      this.counts.set(kind, { count: 1, line, value: value().slice(0, valueChars) })
    }
  }

  put(): void {
    this.tally.add(
      [...this.counts].map(([kind, { count, line, value }]): Tally => [kind, count, line, value]),
    )
    this.counts = new Map()
  }
}

export class FixedKinds {
  readonly #places: FieldPlaces
  readonly #fields: Field[]
  readonly #kinds: TextKinds
  /** Digits are a number for sure: no word for NULL, true or false could be some. */
  readonly #isQuick: boolean
  readonly #nullIsEmpty: boolean
  readonly #sizeBytes: number
  #records = 0
  #bytes = 0

  constructor(reading: FixedReading, sizeBytes: number) {
    const { nullText, nullWords = [], trueWords = [], falseWords = [] } = reading
    this.#places = new FieldPlaces(reading)
    this.#fields = reading.places.map(() => new Field())
    // No document of JSON is looked for in a column of so many characters: it is text.
    this.#kinds = new TextKinds(reading, () => 'text')
    this.#nullIsEmpty = nullText === ''
    this.#isQuick = this.#nullIsEmpty && [nullWords, trueWords, falseWords].flat().length === 0
    this.#sizeBytes = sizeBytes
  }

  /**
   * A record that will be a reject is not looked at.
   * @param isPlain whether the line is ASCII without a NUL for sure
   */
  add(bytes: Buffer, [from, to]: [number, number], line: number, isPlain: boolean): void {
    this.#bytes += to - from
    if (++this.#records % recordsAtOnce === 0) this.#settle()
    if (!isPlain) {
      const record = bytes.subarray(from, to)
      if (!isUtf8(record) || record.includes(0)) return
    }
    const places = this.#places
    places.find(bytes, [from, to], isPlain)
    if (places.isRefused) return
    for (let at = 0; at < this.#fields.length; at++) {
      const field = this.#fields[at] as Field
      if (!field.tally.isText && places.spans[3 * at + 2] !== absentField) {
        this.#value(field, bytes, {
          from: places.spans[3 * at] as number,
          to: places.spans[3 * at + 1] as number,
          line,
        })
      }
    }
  }

  #value(
    field: Field,
    bytes: Buffer,
    { from, to, line }: { from: number; to: number; line: number },
  ): void {
    if (from === to && this.#nullIsEmpty) return
    if (this.#isQuick && isWhole(bytes, from, to)) {
      field.count('whole', line, () => bytes.toString('latin1', from, to))
      return
    }
    const value = bytes.toString('utf8', from, to)
    let kind = field.known.get(value)
    if (kind === undefined) {
      kind = this.#kinds.kindOf(value)
      if (to - from <= knownBytes && field.known.size < knownMax) field.known.set(value, kind)
    }
    field.count(kind, line, () => value)
  }

  facts(): FieldFacts[] {
    for (const field of this.#fields) field.put()
    return this.#fields.map(({ tally }) => tally.facts())
  }

  #settle(): void {
    const records = (this.#sizeBytes / Math.max(1, this.#bytes)) * this.#records
    for (const field of this.#fields) {
      field.put()
      field.tally.settle(records)
    }
  }
}

/** Digits without a zero in front, as PostgreSQL gives them back. */
function isWhole(bytes: Buffer, from: number, to: number): boolean {
  const start = bytes[from] === 45 ? from + 1 : from
  const size = to - start
  if (size < 1 || size > digitsMax) return false
  // A zero in front is lost, and so is the minus of one.
  if (bytes[start] === 48 && to - from > 1) return false
  for (let at = start; at < to; at++) {
    const byte = bytes[at] as number
    if (byte < 48 || byte > 57) return false
  }
  return true
}
