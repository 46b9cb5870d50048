/**
 * Records of JSON as COPY text. A string without escapes has no byte with a meaning for COPY, and a
 * number has none either: both go over as they are.
 */
import type { Column } from '../domain/columns.ts'
import { arrayLiteral } from './jsonArrays.ts'
import { isEscaped, isNull, isString, type JsonRecord } from './jsonRecord.ts'
import { codePointAt, meaningOf, putCodePoint, unicodeBytes } from './jsonStrings.ts'

const tab = 9
const backslash = 92
const leftBracket = 91
const upperN = 78
const upperD = 68

/** How the values of a column are given to PostgreSQL. */
export interface Way {
  /** A text is the JSON of that text. */
  isJson: boolean
  /** A list is an array of PostgreSQL. */
  isArray: boolean
  /** Whether the elements of that are JSON. */
  ofJson: boolean
  /** What stands for a value that is absent: the default of the column, or NULL. */
  absent: number
}

export const wayOf = ({ type, default: preset }: Column): Way => ({
  isJson: /^jsonb?$/.test(type),
  isArray: type.endsWith('[]'),
  ofJson: /^jsonb?\[\]$/.test(type),
  absent: preset == null ? upperN : upperD,
})

/** As jsonSimd/rows.ts has it. */
export const numberOf = ({ isJson, isArray, absent }: Way): number =>
  Number(isJson) | (Number(isArray) << 1) | (absent << 8)

/** A byte of a value is at most two, and each field has a tab and two bytes of its own. */
const perField = 3
const startBytes = 1 << 16

export class JsonRows {
  readonly ends: number[] = []
  readonly #ways: readonly Way[]
  #out: Buffer
  #size = 0

  /** @param sizeBytes how many bytes there will be, about */
  constructor(ways: readonly Way[], sizeBytes: number) {
    this.#ways = ways
    this.#out = Buffer.allocUnsafe(Math.max(startBytes, sizeBytes))
  }

  get bytes(): Buffer {
    return this.#out.subarray(0, this.#size)
  }

  /** Lines that are written already. @returns where the first of them starts */
  append(lines: Buffer): number {
    this.#reserve(lines.length)
    const start = this.#size
    this.#out.set(lines, start)
    this.#size += lines.length
    return start
  }

  /** @param sizeBytes of the record */
  add(record: JsonRecord, bytes: Buffer, sizeBytes: number): void {
    const ways = this.#ways
    const fields = ways.length
    const restBytes = 2 * sizeBytes + perField * fields + 1
    this.#reserve(restBytes)
    for (let field = 0; field < fields; field++) {
      const way = ways[field] as Way
      if (field > 0) this.#put(tab)
      if (!record.has(field)) this.#mark(way.absent)
      else if (record.kinds[field] === isNull) this.#mark(upperN)
      else if (way.isArray && bytes[record.starts[field] as number] === leftBracket) {
        const from = record.starts[field] as number
        const literal = arrayLiteral(bytes, from, record.ends[field] as number, way.ofJson)
        this.#reserve(2 * literal.length + restBytes)
        this.#quoted(literal, 0, literal.length)
      } else this.#value(record, field, { bytes, way })
    }
    this.#put(10)
    this.ends.push(this.#size)
  }

  #value(
    { starts, ends, kinds }: JsonRecord,
    field: number,
    { bytes, way }: { bytes: Buffer; way: Way },
  ): void {
    const from = starts[field] as number
    const to = ends[field] as number
    const kind = kinds[field] as number
    if (kind < isString) this.#copy(bytes, from, to)
    else if (kind > isEscaped || (kind === isEscaped && way.isJson)) this.#quoted(bytes, from, to)
    else if (kind === isEscaped) this.#plain(bytes, from + 1, to - 1)
    else if (way.isJson) this.#copy(bytes, from, to)
    else this.#copy(bytes, from + 1, to - 1)
  }

  #reserve(bytes: number): void {
    const wanted = this.#size + bytes
    if (wanted <= this.#out.length) return
    const larger = Buffer.allocUnsafe(Math.max(wanted, Math.ceil(this.#out.length * 1.5)))
    this.#out.copy(larger, 0, 0, this.#size)
    this.#out = larger
  }

  #put(byte: number): void {
    this.#out[this.#size++] = byte
  }

  /** What stands in the place of a value. */
  #mark(letter: number): void {
    this.#put(backslash)
    this.#put(letter)
  }

  #copy(bytes: Buffer, from: number, to: number): void {
    const size = to - from
    const out = this.#out
    const at = this.#size
    if (size > fewBytes) bytes.copy(out, at, from, to)
    else for (let index = 0; index < size; index++) out[at + index] = bytes[from + index] as number
    this.#size = at + size
  }

  /** With a backslash before each byte that has a meaning for COPY. */
  #quoted(bytes: Buffer, from: number, to: number): void {
    for (let index = from; index < to; index++) this.#character(bytes[index] as number)
  }

  /** One of ASCII, or a byte of another one. */
  #character(byte: number): void {
    const letter = letterOf(byte)
    if (letter === 0) this.#put(byte)
    else this.#mark(letter)
  }

  /** The text that a string of JSON means. */
  #plain(bytes: Buffer, from: number, to: number): void {
    for (let index = from; index < to; ) {
      const byte = bytes[index++] as number
      if (byte !== backslash) {
        this.#put(byte)
        continue
      }
      const meaning = meaningOf(bytes[index] as number)
      if (meaning > 0) {
        this.#character(meaning)
        index++
        continue
      }
      const code = codePointAt(bytes, index)
      if (code < 0x80) this.#character(code)
      else this.#size = putCodePoint(this.#out, this.#size, code)
      index += unicodeBytes(code)
    }
  }
}

/** To call the copy of a buffer takes longer than to copy so few bytes. */
const fewBytes = 40

/** What stands behind a backslash for a byte that has a meaning for COPY; 0 for any other. */
const letterOf = (byte: number): number => {
  if (byte === backslash) return backslash
  if (byte === 10) return 110
  if (byte === 13) return 114
  return byte === 9 ? 116 : 0
}
