/**
 * Writes records of text anew for COPY, where it cannot read them as they are: quotes that are text, a
 * delimiter of several characters or none, several words for NULL, numbers and booleans in other
 * terms, ragged records, and whatever lies in a unit with any of these.
 *
 * They are written as COPY text, a line for each record, so the line that PostgreSQL names is the
 * record. Values keep their bytes but for terms. What is NULL is decided as COPY does for CSV.
 */
import { type Column, isNumberType, isTextType } from '../domain/columns.ts'
import type { TrimCount } from '../domain/trimCount.ts'
import {
  booleanText,
  changesBooleans,
  changesNumbers,
  numberText,
  type Terms,
} from '../domain/values.ts'
import { ByteCheck, wrongCount } from './faults.ts'
import type { Fault } from './reader.ts'

type Kind = 'text' | 'number' | 'boolean' | 'other'

/** Kinds of a field: without quotes, within quotes, within quotes with some that are escaped, none. */
export const plainField = 0
export const quotedField = 1
export const escapedField = 2
export const absentField = 3

/** How values are written in the file. */
export interface RewriteTerms extends Terms {
  /** The texts that stand for NULL where they are not quoted. */
  nullText: string
  nullWords?: string[]
  /** What becomes of a record with too few fields (pad), too many (trim), either (fit). */
  ragged?: 'pad' | 'trim' | 'fit'
}

/** A record of a slice. */
export interface RecordSpans {
  start: number
  end: number
  fields: number
  /** Start, end and kind of each field. */
  spans: readonly number[]
}

interface Rewriting {
  /** Counts what is dropped behind the last column. */
  trims?: TrimCount | null
  /** What the bytes of an escaped field mean. */
  unescape?: (bytes: Buffer) => Buffer
}

/** Are some of the values given to PostgreSQL in other terms than those of the file? */
export const changesTerms = (terms: Terms, columns: readonly Column[]): boolean =>
  columns.some(({ type }) => ['number', 'boolean'].includes(kindOf(type, terms)))

/** A number or a boolean is one here only if its terms are not those of PostgreSQL. */
function kindOf(type: string, terms: Terms): Kind {
  if (isTextType(type)) return 'text'
  if (isNumberType(type) && changesNumbers(terms)) return 'number'
  return type === 'boolean' && changesBooleans(terms) ? 'boolean' : 'other'
}

const TAB = 9
const LF = 10
const BACKSLASH = 92
const NULL = Buffer.from('\\N')
/** The longest word for NULL that is found: see valueKinds.ts. */
const wordBytesMax = 12
/** SQLSTATE of a value that its type does not take. */
const invalidValue = '22P02'

/** What stands behind the backslash for a byte that COPY text gives a meaning to; else 0. */
const letters = new Uint8Array(256)
for (const [byte, letter] of ['\tt', '\nn', '\rr', '\\\\'].map((pair) => Buffer.from(pair))) {
  letters[byte as number] = letter as number
}

export class Rewriter {
  /** Each record with a newline behind it. */
  bytes: Buffer
  /** Where each record ends in `bytes`. */
  readonly ends: number[] = []

  readonly #slice: Buffer
  readonly #terms: RewriteTerms
  readonly #unescape: (bytes: Buffer) => Buffer
  readonly #columns: readonly Column[]
  readonly #kinds: Kind[]
  /** The texts for NULL. */
  readonly #nulls: Buffer[]
  /** For each column the words that are NULL in it alone, also quoted and with blanks around. */
  readonly #words: (ReadonlySet<string> | null)[]
  readonly #booleans = new Map<string, string>()
  readonly #check: ByteCheck
  readonly #trims: TrimCount | null
  /** Where the next byte is written. */
  #at = 0
  #fault: Fault | null = null

  /** @param columns those of the fields, in the file's order */
  constructor(
    slice: Buffer,
    { terms, columns }: { terms: RewriteTerms; columns: readonly Column[] },
    { trims = null, unescape = (bytes) => bytes }: Rewriting = {},
  ) {
    this.#trims = trims
    this.#slice = slice
    this.#terms = terms
    this.#unescape = unescape
    this.#columns = columns
    this.#kinds = columns.map(({ type }) => kindOf(type, terms))
    const { nullText, nullWords = [] } = terms
    this.#nulls = [nullText, ...nullWords].map((text) => Buffer.from(text))
    this.#words = columns.map((column) => (column.nullWords ? new Set(column.nullWords) : null))
    this.#check = new ByteCheck(slice)
    this.bytes = Buffer.allocUnsafe(Math.ceil(slice.length * 1.1) + 1024)
  }

  /** What of its bytes is no text. */
  byteFault(start: number, end: number): Fault | null {
    return this.#check.fault(start, end)
  }

  /** @returns why the record cannot be loaded; then nothing of it is written */
  add({ start, end, fields, spans }: RecordSpans): Fault | null {
    const fault = this.#countFault(fields) ?? this.#check.fault(start, end)
    if (fault) return fault
    const width = this.#columns.length
    // At the worst every byte gets a backslash, and every field is missing.
    this.#makeRoom(2 * (end - start) + 8 * width + 16)
    const begin = this.#at
    this.#fault = null
    for (let field = 0; field < width; field++) {
      if (field > 0) this.bytes[this.#at++] = TAB
      if (field < fields) this.#field(field, spans)
      else this.#null()
    }
    if (this.#fault) {
      this.#at = begin
      return this.#fault
    }
    this.bytes[this.#at++] = LF
    this.ends.push(this.#at)
    if (fields > width) this.#trim(spans)
    if (fields < width && this.#trims) this.#trims.padded++
    return null
  }

  #trim(spans: readonly number[]): void {
    const width = this.#columns.length
    const sizes: number[] = []
    for (let at = 3 * width; at < spans.length; at += 3) {
      sizes.push((spans[at + 1] as number) - (spans[at] as number))
    }
    this.#trims?.count(sizes, width, 1)
  }

  #countFault(fields: number): Fault | null {
    const width = this.#columns.length
    const { ragged } = this.#terms
    const isFine =
      fields === width ||
      (fields < width && (ragged === 'pad' || ragged === 'fit')) ||
      (fields > width && (ragged === 'trim' || ragged === 'fit'))
    return isFine ? null : wrongCount(fields, width)
  }

  #null(): void {
    this.#at += NULL.copy(this.bytes, this.#at)
  }

  /** NULL, in other terms, or as it is. */
  #field(field: number, spans: readonly number[]): void {
    let source = this.#slice
    let from = spans[3 * field] as number
    let to = spans[3 * field + 1] as number
    const written = spans[3 * field + 2]
    if (written === absentField) {
      this.#null()
      return
    }
    if (written === escapedField) {
      source = this.#unescape(source.subarray(from, to))
      from = 0
      to = source.length
    }
    const kind = this.#kinds[field] as Kind
    const mayBeNull = written === plainField || kind !== 'text'
    const isNull =
      (mayBeNull && this.#isNull(source, from, to)) ||
      this.#isWord(field, source.subarray(from, to))
    if (isNull) {
      this.#null()
      return
    }
    if (kind === 'boolean' || (kind === 'number' && !isWhole(source, from, to))) {
      source = this.#inTerms(field, source.toString('utf8', from, to))
      from = 0
      to = source.length
    }
    this.#write(source, from, to)
  }

  #isNull(source: Buffer, from: number, to: number): boolean {
    for (const text of this.#nulls) {
      if (text.length !== to - from) continue
      if (from === to || source.compare(text, 0, text.length, from, to) === 0) return true
    }
    return false
  }

  #isWord(field: number, value: Buffer): boolean {
    const words = this.#words[field]
    if (!words) return false
    // Longer ones have blanks around.
    const mayBe = value.length <= wordBytesMax || (value[0] as number) <= 32 || value.at(-1) === 32
    return mayBe && words.has(value.toString('utf8').trim())
  }

  #inTerms(field: number, text: string): Buffer {
    if (this.#kinds[field] === 'boolean') return Buffer.from(this.#boolean(text))
    const plain = numberText(text, this.#terms)
    if (plain === null) {
      const { name, type } = this.#columns[field] as Column
      const error = `not a valid ${type}: ${JSON.stringify(text)}`
      this.#fault ??= { code: invalidValue, error, column: name }
    }
    return Buffer.from(plain ?? '')
  }

  /** There are few words, and many values. */
  #boolean(text: string): string {
    const known = this.#booleans.get(text)
    if (known !== undefined) return known
    const plain = booleanText(text, this.#terms)
    if (this.#booleans.size < 100) this.#booleans.set(text, plain)
    return plain
  }

  #write(source: Buffer, from: number, to: number): void {
    const out = this.bytes
    let at = this.#at
    for (let index = from; index < to; index++) {
      const byte = source[index] as number
      const letter = letters[byte] as number
      if (letter === 0) out[at++] = byte
      else {
        out[at++] = BACKSLASH
        out[at++] = letter
      }
    }
    this.#at = at
  }

  #makeRoom(size: number): void {
    if (this.#at + size <= this.bytes.length) return
    const larger = Buffer.allocUnsafe(Math.max(this.bytes.length * 1.5, this.#at + size) | 0)
    this.bytes.copy(larger, 0, 0, this.#at)
    this.bytes = larger
  }
}

/** Digits and a sign: as they are in every dialect. */
function isWhole(source: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to; at++) {
    const byte = source[at] as number
    if ((byte < 48 || byte > 57) && byte !== 45) return false
  }
  return true
}
