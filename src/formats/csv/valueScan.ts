/**
 * Looks at the values of records, field by field: of which kinds they are.
 *
 * Plain records are looked at where the walk has passed them, column by column: simd/fields.ts. The
 * others, and values that its loops do not know, are looked at one by one. A record with bytes that
 * are no text will be a reject, and is not looked at.
 */
import { isUtf8 } from 'node:buffer'
import type { Tally } from '../../domain/types.ts'
import { ColumnScan } from './columnScan.ts'
import type { Dialect } from './dialect.ts'
import { loop, memory, places } from './loop.ts'
import { CR, LF, type Marks, marksOf } from './marks.ts'
import { fieldsOf, recordsOf } from './records.ts'
import { RepeatedHeaders } from './repeatedHeaders.ts'
import { ValueKinds, wordsOfAll } from './valueKinds.ts'

const orders = { DMY: 1, MDY: 2, YMD: 3 }

/** What was looked at, and for each field what was found there. */
export interface Looked {
  records: number
  bytes: number
  fields: Tally[][]
}

/**
 * What has come once is remembered, so later records are looked at faster. What is found of some
 * records is the same whatever was looked at before them.
 */
export class ValueScan {
  readonly #dialect: Dialect
  readonly #marks: Marks
  readonly #kinds: ValueKinds
  readonly #columns: ColumnScan[]
  readonly #headers: RepeatedHeaders
  /** The loops know the dialect. */
  readonly #isFast: boolean
  readonly #words: Words
  #records = 0
  #bytes = 0

  /** @param width how many fields a record has */
  constructor(dialect: Dialect, width: number) {
    this.#dialect = dialect
    this.#marks = marksOf(dialect)
    this.#kinds = new ValueKinds(dialect)
    this.#columns = Array.from({ length: width }, () => new ColumnScan())
    const { delimiter, escape } = this.#marks
    this.#headers = new RepeatedHeaders(dialect)
    this.#isFast = delimiter.length === 1 && escape < 0 && !this.#headers.areSought
    this.#words = withWords(wordsKnown, this.#kinds.words)
  }

  /** What was found since this was asked for last. */
  take(): Looked {
    const fields = this.#columns.map((column) => column.take())
    const looked = { records: this.#records, bytes: this.#bytes, fields }
    this.#records = 0
    this.#bytes = 0
    return looked
  }

  /** Nothing more is asked of this field. */
  leave(field: number): void {
    ;(this.#columns[field] as ColumnScan).isLeft = true
  }

  /**
   * Plain records in the window of the loops: each is one line, and nothing lies between them.
   * @param line of the first of them
   */
  plain(from: number, to: number, line: number): void {
    if (this.#isFast) this.#fast(from, to, line)
    else this.#slice(Buffer.from(memory.bytes.subarray(from, to)), line)
    this.#bytes += to - from
  }

  #fast(from: number, to: number, line: number): void {
    const { delimiter, newline, quote } = this.#marks
    const { decimal, dates, nullText, thousands } = this.#dialect
    this.#words.classes.copy(memory.bytes, places.classes)
    loop.marks(delimiter[0] as number, newline, quote, this.#columns.length)
    loop.terms(decimal === ',' ? 44 : 46, dates ? orders[dates] : 0, Number(nullText === ''))
    loop.words(this.#words.longest, Number(thousands === undefined))
    const linesIn = (start: number, end: number) => countOf(memory.bytes, newline, { start, end })
    const areSound = isSound(memory.bytes.subarray(from, to))
    for (let at = from; at < to; ) {
      const records = loop.split(at, to)
      const split = loop.splitTo.value
      const isApart = loop.isApart.value !== 0
      if (records > 0) {
        const lineOf = (start: number) => line + linesIn(from, start)
        const runs = areSound ? [{ first: 0, records }] : soundRuns(records, this.#columns.length)
        for (const [index, column] of this.#columns.entries()) {
          if (!column.isLeft)
            for (const run of runs) this.#column(column, index, { ...run, lineOf })
        }
        this.#records += records
      }
      // Lines are counted only where a kind is met first: there may be many such records.
      const lineOf = () => line + linesIn(from, split)
      at = isApart ? this.#apart(split, to, lineOf) : split
    }
  }

  /** One record without its line end. */
  record(record: Buffer, line: number): void {
    this.#look(record, () => line)
    this.#bytes += record.length
  }

  #column(
    column: ColumnScan,
    index: number,
    { first, records, lineOf }: Run & { lineOf: (start: number) => number },
  ): void {
    loop.begin()
    column.expect()
    for (let at = first; ; at++) {
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
      if (!field) continue
      const kind = this.#kinds.kindOf(field.value)
      column.add(kind, field.value, () => lineOf(recordStart))
      column.learn(kind, this.#unquoted(bytes))
    }
    column.collect()
  }

  /** As the loop sees it: within its quotes, whatever stands there. */
  #unquoted(bytes: Buffer): Buffer {
    const isQuoted = bytes.length > 1 && bytes[0] === this.#marks.quote
    return isQuoted ? bytes.subarray(1, -1) : bytes
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
    if (this.#columns.every(({ isLeft }) => isLeft) || this.#headers.has(record)) return
    const fields = fieldsOf(record, this.#dialect)
    const width = this.#columns.length
    const { ragged, nullText } = this.#dialect
    if (fields.length < width && ragged !== 'pad' && ragged !== 'fit') return
    if (fields.length > width && ragged !== 'trim' && ragged !== 'fit') return
    if (!isSound(record)) return
    for (const [index, column] of this.#columns.entries()) {
      const field = fields[index]
      if (!field || column.isLeft || (field.value === '' && nullText === '')) continue
      column.add(this.#kinds.kindOf(field.value), field.value, lineOf)
    }
  }
}

/** Records that the loops have split, up to `records`. */
interface Run {
  first: number
  records: number
}

/** Those that are text, of the records that were split last. */
function soundRuns(records: number, width: number): Run[] {
  const runs: Run[] = []
  const at = (record: number) =>
    (memory.numbers[places.positions / 4 + record * width] as number) + 1
  let first = 0
  for (let record = 0; record <= records; record++) {
    if (record < records && isSound(memory.bytes.subarray(at(record), at(record + 1)))) continue
    if (record > first) runs.push({ first, records: record })
    first = record + 1
  }
  return runs
}

const isSound = (bytes: Buffer): boolean => isUtf8(bytes) && !bytes.includes(0)

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
