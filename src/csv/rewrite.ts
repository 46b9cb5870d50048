/**
 * Writes records anew for COPY, where it cannot read them as they are: a delimiter of several
 * characters, several words for NULL, numbers and booleans in other terms, ragged records.
 *
 * Every value is quoted, and NULL is an unquoted `\N`, so nothing can be taken for NULL that is
 * none. Values of text columns keep their bytes. What the lanes must agree on: which quotes open
 * and close, and what is NULL, is decided as COPY does (`CopyReadAttributesCSV`).
 */
import { type Column, isNumberType, isTextType } from '../domain/columns.ts'
import { booleanText, changesBooleans, changesNumbers, numberText } from '../domain/values.ts'
import type { Dialect } from '../domain/words.ts'
import { marksOf } from './marks.ts'
import { shapeOf } from './records.ts'
import { ByteCheck, type Fault, notClosed, type Writer, wrongCount } from './repair.ts'

/** What the records are written in. */
export const written: Dialect = {
  delimiter: ',',
  quote: '"',
  escape: '"',
  newline: '\n',
  header: false,
  nullText: '\\N',
}

type Kind = 'text' | 'number' | 'boolean' | 'other'

const isAscii = (text: string): boolean => text.length === 1 && text.charCodeAt(0) < 128

/** Can COPY read records as they are, if each of them is in order? */
export function copyTakes(dialect: Dialect, columns: readonly Column[]): boolean {
  const { delimiter, nullWords = [] } = dialect
  const kinds = columns.map(({ type }) => kindOf(type, dialect))
  const isPlain = kinds.every((kind) => kind === 'text' || kind === 'other')
  return isAscii(delimiter) && nullWords.length === 0 && isPlain
}

/** A number or a boolean is one here only if its terms are not those of PostgreSQL. */
function kindOf(type: string, dialect: Dialect): Kind {
  if (isTextType(type)) return 'text'
  if (isNumberType(type) && changesNumbers(dialect)) return 'number'
  return type === 'boolean' && changesBooleans(dialect) ? 'boolean' : 'other'
}

const QUOTE = 34
const COMMA = 44
const LF = 10
const NULL = Buffer.from(written.nullText)
/** Of PostgreSQL: a value that its type does not take. */
const invalidValue = '22P02'

/** @param columns those of the fields, in the file's order */
export class Rewriter implements Writer {
  bytes: Buffer
  readonly ends: number[] = []

  readonly #slice: Buffer
  readonly #dialect: Dialect
  readonly #columns: readonly Column[]
  readonly #kinds: Kind[]
  /** The texts for NULL, with their quotes doubled as they are written. */
  readonly #nulls: Buffer[]
  readonly #booleans = new Map<string, string>()
  readonly #check: ByteCheck
  readonly #delimiter: Buffer
  readonly #quote: number
  readonly #escape: number
  /** Where the next byte is written, and the next one is read. */
  #at = 0
  #from = 0
  #fault: Fault | null = null

  constructor(slice: Buffer, dialect: Dialect, columns: readonly Column[]) {
    this.#slice = slice
    this.#dialect = dialect
    this.#columns = columns
    this.#kinds = columns.map(({ type }) => kindOf(type, dialect))
    this.#nulls = [dialect.nullText, ...(dialect.nullWords ?? [])].map((text) =>
      Buffer.from(text.replaceAll('"', '""')),
    )
    this.#check = new ByteCheck(slice)
    const { delimiter, quote, escape } = marksOf(dialect)
    this.#delimiter = delimiter
    this.#quote = quote
    this.#escape = escape < 0 ? quote : escape
    this.bytes = Buffer.allocUnsafe(Math.ceil(slice.length * 1.4) + 1024)
  }

  add(start: number, end: number): Fault | null {
    const fault = this.#check.fault(start, end)
    if (fault) return fault
    const width = this.#columns.length
    // At the worst every byte is a quote, or a delimiter with a NULL behind it.
    this.#makeRoom(4 * (end - start) + 4 * width + 16)
    const begin = this.#at
    this.#fault = null
    this.#from = start
    let fields = 0
    for (let more = true; more; fields++) {
      if (fields === width) {
        fields += shapeOf(this.#slice.subarray(this.#from, end), this.#dialect).fields
        break
      }
      if (fields > 0) this.bytes[this.#at++] = COMMA
      more = this.#field(fields, end)
    }
    this.#fault = this.#countFault(fields) ?? this.#fault
    if (this.#fault) {
      this.#at = begin
      return this.#fault
    }
    this.#pad(fields)
    this.bytes[this.#at++] = LF
    this.ends.push(this.#at)
    return null
  }

  #countFault(fields: number): Fault | null {
    const width = this.#columns.length
    const { ragged } = this.#dialect
    const isFine =
      fields === width ||
      (fields < width && (ragged === 'pad' || ragged === 'fit')) ||
      (fields > width && (ragged === 'trim' || ragged === 'fit'))
    return isFine ? null : wrongCount(fields, width)
  }

  #pad(fields: number): void {
    for (let field = fields; field < this.#columns.length; field++) {
      this.bytes[this.#at++] = COMMA
      this.#at += NULL.copy(this.bytes, this.#at)
    }
  }

  /** Writes one field in quotes. @returns whether another one follows */
  #field(field: number, end: number): boolean {
    const slice = this.#slice
    const out = this.bytes
    const quote = this.#quote
    const escape = this.#escape
    const first = this.#delimiter[0] as number
    const size = this.#delimiter.length
    let at = this.#at
    let from = this.#from
    let quoted = false
    let inQuotes = false
    out[at++] = QUOTE
    const valueAt = at
    let more = false
    while (from < end) {
      const byte = slice[from] as number
      if (inQuotes) {
        const next = from + 1 < end ? slice[from + 1] : -1
        if (byte === escape && (next === quote || next === escape)) from++
        else if (byte === quote) {
          inQuotes = false
          from++
          continue
        }
      } else if (byte === first && (size === 1 || this.#isDelimiter(from))) {
        from += size
        more = true
        break
      } else if (byte === quote) {
        inQuotes = true
        quoted = true
        from++
        continue
      }
      const value = slice[from++] as number
      out[at++] = value
      if (value === QUOTE) out[at++] = QUOTE
    }
    if (inQuotes) this.#fault = notClosed
    this.#from = from
    this.#at = at
    this.#settle(field, valueAt, quoted)
    return more
  }

  #isDelimiter(from: number): boolean {
    const end = from + this.#delimiter.length
    return this.#slice.compare(this.#delimiter, 0, this.#delimiter.length, from, end) === 0
  }

  /** The value lies in `bytes` from `valueAt`: NULL, in other terms, or as it is. */
  #settle(field: number, valueAt: number, quoted: boolean): void {
    const kind = this.#kinds[field] as Kind
    if (!(quoted && kind === 'text') && this.#isNull(valueAt)) {
      this.#at = valueAt - 1
      this.#at += NULL.copy(this.bytes, this.#at)
      return
    }
    if (kind === 'number' && !this.#isWhole(valueAt)) this.#number(field, valueAt)
    else if (kind === 'boolean') {
      const text = this.bytes.toString('utf8', valueAt, this.#at)
      const plain = this.#boolean(text)
      if (plain !== text) this.#at = valueAt + this.bytes.write(plain, valueAt)
    }
    this.bytes[this.#at++] = QUOTE
  }

  /** There are few words, and many values. */
  #boolean(text: string): string {
    const known = this.#booleans.get(text)
    if (known !== undefined) return known
    const plain = booleanText(text, this.#dialect)
    if (this.#booleans.size < 100) this.#booleans.set(text, plain)
    return plain
  }

  #number(field: number, valueAt: number): void {
    const text = this.bytes.toString('utf8', valueAt, this.#at)
    const plain = numberText(text, this.#dialect)
    if (plain === null) {
      const { name, type } = this.#columns[field] as Column
      const error = `not a valid ${type}: ${JSON.stringify(text)}`
      this.#fault ??= { code: invalidValue, error, column: name }
    } else if (plain !== text) this.#at = valueAt + this.bytes.write(plain, valueAt)
  }

  #isNull(valueAt: number): boolean {
    const size = this.#at - valueAt
    return this.#nulls.some(
      (text) =>
        text.length === size &&
        (size === 0 || this.bytes.compare(text, 0, size, valueAt, this.#at) === 0),
    )
  }

  /** Digits and a sign: as they are in every dialect. */
  #isWhole(valueAt: number): boolean {
    for (let at = valueAt; at < this.#at; at++) {
      const byte = this.bytes[at] as number
      if ((byte < 48 || byte > 57) && byte !== 45) return false
    }
    return true
  }

  #makeRoom(size: number): void {
    if (this.#at + size <= this.bytes.length) return
    const larger = Buffer.allocUnsafe(Math.max(this.bytes.length * 1.5, this.#at + size) | 0)
    this.bytes.copy(larger, 0, 0, this.#at)
    this.bytes = larger
  }
}
