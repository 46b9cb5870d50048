/**
 * What the values of a file are, field by field, over all of its records.
 *
 * Plain records are looked at where the walk has passed them, column by column: simd/fields.ts. The
 * others, and values that its loops do not know, are looked at one by one.
 */
import { isUtf8 } from 'node:buffer'
import type { FieldFacts, KindOrWord } from '../../domain/types.ts'
import { ColumnScan } from './columnScan.ts'
import type { Dialect } from './dialect.ts'
import { loop, memory, places } from './loop.ts'
import { CR, LF, type Marks, marksOf } from './marks.ts'
import { type Field, fieldsOf, recordsOf } from './records.ts'
import { RepeatedHeaders } from './repeatedHeaders.ts'
import { ValueKinds, wordsOfAll } from './valueKinds.ts'

const orders = { DMY: 1, MDY: 2, YMD: 3 }

export class TypeScan {
  readonly #dialect: Dialect
  readonly #marks: Marks
  readonly #kinds: ValueKinds
  readonly #columns: ColumnScan[]
  readonly #sizeBytes: number
  readonly #headers: RepeatedHeaders
  /** The loops know the dialect. */
  readonly #isFast: boolean
  readonly #words: Words
  /** The last records so far: they are held back, since a footer is not data. */
  readonly #last: { record: Buffer; line: number }[] = []
  #records = 0
  #bytes = 0

  /** @param file how many fields a record has, and about how many bytes the file, if that is known */
  constructor(
    dialect: Dialect,
    { width, sizeBytes = Number.POSITIVE_INFINITY }: { width: number; sizeBytes?: number },
  ) {
    this.#dialect = dialect
    this.#marks = marksOf(dialect)
    this.#kinds = new ValueKinds(dialect)
    this.#columns = Array.from({ length: width }, () => new ColumnScan())
    this.#sizeBytes = sizeBytes
    const { delimiter, escape } = this.#marks
    this.#headers = new RepeatedHeaders(dialect)
    this.#isFast = delimiter.length === 1 && escape < 0 && !this.#headers.areSought
    this.#words = withWords(wordsKnown, this.#kinds.words)
  }

  facts(): FieldFacts[] {
    return this.#columns.map((column) => column.facts())
  }

  /**
   * Plain records in the window of the loops: each is one line, and nothing lies between them.
   * @param line of the first of them
   */
  plain(from: number, to: number, line: number): void {
    if (this.#isFast) this.#fast(from, to, line)
    else this.#slice(Buffer.from(memory.bytes.subarray(from, to)), line)
    this.#settle()
  }

  #fast(from: number, to: number, line: number): void {
    const { delimiter, newline, quote } = this.#marks
    const { decimal, dates, nullText, thousands } = this.#dialect
    this.#words.classes.copy(memory.bytes, places.classes)
    loop.marks(delimiter[0] as number, newline, quote, this.#columns.length)
    loop.terms(decimal === ',' ? 44 : 46, dates ? orders[dates] : 0, Number(nullText === ''))
    loop.words(this.#words.longest, Number(thousands === undefined))
    const linesIn = (start: number, end: number) => countOf(memory.bytes, newline, { start, end })
    for (let at = from; at < to; ) {
      const records = loop.split(at, to)
      const split = loop.splitTo.value
      const isApart = loop.isApart.value !== 0
      if (records > 0) {
        const lineOf = (start: number) => line + linesIn(from, start)
        for (const [index, column] of this.#columns.entries()) {
          if (!column.isText) this.#column(column, index, { records, lineOf })
        }
        this.#records += records
      }
      // Lines are counted only where a kind is met first: there may be many such records.
      const lineOf = () => line + linesIn(from, split)
      at = isApart ? this.#apart(split, to, lineOf) : split
    }
    this.#bytes += to - from
  }

  /** One record without its line end. */
  record(record: Buffer, line: number): void {
    const footer = this.#dialect.skipFooter ?? 0
    if (footer === 0) this.#look(record, () => line)
    else this.#last.push({ record: Buffer.from(record), line })
    const first = this.#last.length > footer && this.#last.shift()
    if (first) this.#look(first.record, () => first.line)
  }

  #column(
    column: ColumnScan,
    index: number,
    { records, lineOf }: { records: number; lineOf: (start: number) => number },
  ): void {
    loop.begin()
    column.expect()
    for (let at = 0; ; at++) {
      at = loop.column(index, at, records)
      if (at === records) break
      const start = loop.fieldStart.value
      let end = loop.fieldEnd.value
      const isLast = index === this.#columns.length - 1 && this.#marks.newline === LF
      if (isLast && end > start && memory.bytes[end - 1] === CR) end--
      // A copy: the memory may move when it grows.
      const bytes = Buffer.from(memory.bytes.subarray(start, end))
      const [field] = fieldsOf(bytes, this.#dialect)
      const recordStart = loop.recordStart.value
      const kind = field && this.#add(column, field, bytes, () => lineOf(recordStart))
      if (kind) column.learn(kind, this.#unquoted(bytes))
    }
    column.collect()
  }

  /** As the loop sees it: within its quotes, whatever stands there. */
  #unquoted(bytes: Buffer): Buffer {
    const isQuoted = bytes.length > 1 && bytes[0] === this.#marks.quote
    return isQuoted ? bytes.subarray(1, -1) : bytes
  }

  #add(
    column: ColumnScan,
    { value }: Field,
    bytes: Buffer,
    lineOf: () => number,
  ): KindOrWord | null {
    // The row will be a reject for it.
    if (!isUtf8(bytes) || bytes.includes(0)) return null
    const kind = this.#kinds.kindOf(value)
    column.add(kind, value, lineOf)
    return kind
  }

  /** A record that the loop leaves alone. @returns where the next one starts */
  #apart(from: number, to: number, lineOf: () => number): number {
    const { bytes } = memory
    const step = recordsOf(bytes.subarray(from, to), this.#dialect).next()
    if (step.done) return to
    const { start, end, next } = step.value
    this.#look(Buffer.from(bytes.subarray(from + start, from + end)), lineOf)
    return from + next
  }

  #slice(slice: Buffer, line: number): void {
    for (const { start, end, lines } of recordsOf(slice, this.#dialect)) {
      this.#look(slice.subarray(start, end), () => line + lines)
    }
  }

  #look(record: Buffer, lineOf: () => number): void {
    this.#records++
    this.#bytes += record.length
    if (this.#columns.every(({ isText }) => isText) || this.#headers.has(record)) return
    const fields = fieldsOf(record, this.#dialect)
    const width = this.#columns.length
    const { ragged, nullText } = this.#dialect
    if (fields.length < width && ragged !== 'pad' && ragged !== 'fit') return
    if (fields.length > width && ragged !== 'trim' && ragged !== 'fit') return
    if (!isUtf8(record) || record.includes(0)) return
    for (const [index, column] of this.#columns.entries()) {
      const field = fields[index]
      if (!field || column.isText || (field.value === '' && nullText === '')) continue
      column.add(this.#kinds.kindOf(field.value), field.value, lineOf)
    }
  }

  #settle(): void {
    const records = (this.#sizeBytes / Math.max(1, this.#bytes)) * this.#records
    for (const column of this.#columns) column.settle(records)
  }
}

/** Bytes of the longest word, and what may begin with a byte: see simd/layout.ts. */
interface Words {
  classes: Buffer
  longest: number
}

/** A file of few bytes would wait for these longer than for its values. */
const wordsKnown = withWords({ classes: bracketClasses(), longest: 0 }, wordsOfAll)

function bracketClasses(): Buffer {
  const classes = Buffer.alloc(256)
  for (const bracket of Buffer.from('{[')) classes[bracket] = 2
  return classes
}

function withWords({ classes, longest }: Words, words: readonly string[]): Words {
  const added = { classes: Buffer.from(classes), longest }
  for (const word of words) {
    added.longest = Math.max(added.longest, Buffer.byteLength(word))
    const first = word.slice(0, 1)
    for (const letter of [first.toUpperCase(), first.toLowerCase()]) {
      const [byte] = Buffer.from(letter)
      if (byte !== undefined) added.classes[byte] = (added.classes[byte] as number) | 1
    }
  }
  return added
}

function countOf(bytes: Buffer, byte: number, { start, end }: { start: number; end: number }) {
  let count = 0
  for (let at = bytes.indexOf(byte, start); at >= 0 && at < end; count++) {
    at = bytes.indexOf(byte, at + 1)
  }
  return count
}
