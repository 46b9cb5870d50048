/**
 * One pass over the bytes of a CSV file: record-safe cut points, line and record counts.
 *
 * A record ends at a newline outside quotes, and every quote character opens or closes, which is
 * how PostgreSQL's COPY sees it (`CopyReadLineText`). COPY would also let a stray quote swallow
 * the lines that follow, without a word. So a record of several lines counts only if its quotes
 * stand where they should; else its first line alone is given up as broken, and the scan goes on
 * with the next line. csv/repair.ts reads a slice by the same rule.
 */
import type { Cut, Dialect, Flaw } from '../domain/words.ts'
import { shapeOf } from './records.ts'

export interface ScanLimits {
  /** Bytes between two cuts, at least. */
  cutBytes: number
  /** A longer record is not loaded: within quotes its first line is broken, else it is a flaw. */
  recordBytesMax: number
}

const LF = 10
const CR = 13
const none = Buffer.alloc(0)

/** The bytes a UTF-8 file may start with; not part of its first field. */
export const bom = Buffer.from([0xef, 0xbb, 0xbf])

/** Feed it the file from its first byte with `push`, then call `finish` once. */
export class Scanner {
  readonly cuts: Cut[] = []
  readonly flaws: Flaw[] = []
  /** The first record that is not blank, without its line end: the header, if there is one. */
  first: Buffer | null = null
  /** The header should have been there, but could not be read. */
  headerBroken = false

  readonly #dialect: Dialect
  readonly #limits: ScanLimits
  readonly #newline: number
  readonly #quote: number
  readonly #escape: number
  #blankIsRecord = false

  /** Bytes from the record under way on, and where they lie in the file. */
  #held: Buffer = none
  #heldOffset = 0
  #scanned = 0
  #recordStart = 0
  #recordLines = 0
  /** Just behind the first line of the record under way; 0 while it has one line only. */
  #firstLineEnd = 0
  #inQuotes = false
  #escaped = false
  /** Within a record that is too long: its bytes are not held. */
  #skipping = false
  #lines = 0
  #records = 0
  #broken = 0
  #end: Cut | null = null

  constructor(dialect: Dialect, limits: ScanLimits) {
    this.#dialect = dialect
    this.#limits = limits
    this.#newline = dialect.newline === '\r' ? CR : LF
    this.#quote = dialect.quote.charCodeAt(0)
    this.#escape = dialect.escape === dialect.quote ? -1 : dialect.escape.charCodeAt(0)
  }

  push(chunk: Buffer): void {
    if (this.#heldOffset === 0 && this.#scanned === 0 && chunk.subarray(0, 3).equals(bom)) {
      this.#scanned = bom.length
      this.#recordStart = bom.length
    }
    this.#held = this.#held.length > 0 ? Buffer.concat([this.#held, chunk]) : chunk
    this.#walk()
    while (this.#pending() > this.#limits.recordBytesMax && !this.#skipping) {
      if (this.#firstLineEnd > 0) {
        this.#giveUpLine(this.#firstLineEnd)
        this.#walk()
      } else this.#skipping = true
    }
    this.#letGo()
  }

  /** After the last byte. */
  finish(): void {
    const end = this.#heldOffset + this.#held.length
    if (this.#skipping) {
      this.#lines++
      this.#flaw(end)
    }
    // Each turn ends a record or gives up a line, after which the rest is read again.
    while (this.#pending() > 0) {
      if (this.#inQuotes) this.#giveUpLine(this.#firstLineEnd || end)
      else {
        this.#lines++
        this.#endRecord(end)
      }
      this.#walk()
    }
    if (this.#end) this.#cut(this.#end)
  }

  #pending(): number {
    return this.#heldOffset + this.#held.length - this.#recordStart
  }

  #walk(): void {
    const buffer = this.#held
    const base = this.#heldOffset
    const newline = this.#newline
    const quote = this.#quote
    const escape = this.#escape
    const highest = Math.max(newline, quote, escape)
    let inQuotes = this.#inQuotes
    let index = this.#scanned
    for (; index < buffer.length; index++) {
      const byte = buffer[index] as number
      if (byte > highest) {
        if (escape >= 0) this.#escaped = false
      } else if (byte === newline) {
        this.#lines++
        this.#escaped = false
        if (this.#skipping) {
          this.#flaw(base + index + 1)
          inQuotes = false
        } else if (!inQuotes) {
          this.#endRecord(base + index + 1)
          // A record that was given up is read again from its second line on.
          index = Math.min(index, this.#recordStart - base - 1)
        } else if (this.#firstLineEnd === 0) this.#firstLineEnd = base + index + 1
      } else if (byte === escape && inQuotes) {
        this.#escaped = !this.#escaped
      } else {
        if (byte === quote && !this.#escaped) inQuotes = !inQuotes
        this.#escaped = false
      }
    }
    this.#inQuotes = inQuotes
    this.#scanned = index
  }

  #endRecord(end: number): void {
    const start = this.#recordStart
    const tooLong = end - start > this.#limits.recordBytesMax
    if (this.#firstLineEnd > 0) {
      const { wellQuoted } = shapeOf(this.#content(start, end), this.#dialect)
      if (tooLong || !wellQuoted) {
        this.#giveUpLine(this.#firstLineEnd)
        return
      }
    } else if (tooLong) {
      this.#flaw(end)
      return
    }
    const blank = end - start <= 2 && this.#content(start, end).length === 0
    if (this.first === null) {
      if (!blank) this.#open(start, end)
    } else if (!blank || this.#blankIsRecord) {
      this.#records++
      this.#boundary(end)
    }
    this.#next(end)
  }

  /** The first record that is not blank. */
  #open(start: number, end: number): void {
    this.first = Buffer.from(this.#content(start, end))
    // In a file of one column a blank line is a record, one NULL, as it is for COPY.
    this.#blankIsRecord = shapeOf(this.first, this.#dialect).fields === 1
    if (this.#dialect.header) this.#cut(this.#at(end, this.#lines))
    else {
      this.#cut(this.#at(start, this.#recordLines))
      this.#records++
      this.#boundary(end)
    }
  }

  #at(offset: number, lines: number): Cut {
    return { offset, lines, records: this.#records, broken: this.#broken }
  }

  /** Takes one line of the record under way for broken, and goes on right behind it. */
  #giveUpLine(end: number): void {
    if (this.first === null && this.#dialect.header) this.headerBroken = true
    if (this.cuts.length === 0) this.#cut(this.#at(this.#recordStart, this.#recordLines))
    this.#lines = this.#recordLines + 1
    this.#broken++
    this.#boundary(end)
    this.#next(end)
    this.#scanned = end - this.#heldOffset
    this.#inQuotes = false
    this.#escaped = false
  }

  /** Sets the record under way aside. */
  #flaw(end: number): void {
    if (this.first === null && this.#dialect.header) this.headerBroken = true
    this.#cut(this.#at(this.#recordStart, this.#recordLines))
    this.flaws.push({ start: this.#recordStart, end, line: this.#recordLines + 1 })
    this.#end = this.#at(end, this.#lines)
    this.#cut(this.#end)
    this.#skipping = false
    this.#inQuotes = false
    this.#next(end)
  }

  #boundary(end: number): void {
    this.#end = this.#at(end, this.#lines)
    if (end - (this.cuts.at(-1)?.offset ?? 0) >= this.#limits.cutBytes) this.#cut(this.#end)
  }

  #cut(cut: Cut): void {
    if (this.cuts.at(-1)?.offset !== cut.offset) this.cuts.push(cut)
  }

  #next(start: number): void {
    this.#recordStart = start
    this.#recordLines = this.#lines
    this.#firstLineEnd = 0
  }

  /** The bytes of a record without its line end. */
  #content(start: number, end: number): Buffer {
    const first = start - this.#heldOffset
    let last = end - this.#heldOffset
    if (last > first && this.#held[last - 1] === this.#newline) last--
    if (last > first && this.#newline === LF && this.#held[last - 1] === CR) last--
    return this.#held.subarray(first, last)
  }

  /** Forgets bytes that nothing goes back to. */
  #letGo(): void {
    const from = this.#skipping ? this.#held.length : this.#recordStart - this.#heldOffset
    this.#heldOffset += from
    this.#scanned -= from
    // A copy: a view would keep the whole chunk alive.
    this.#held = from < this.#held.length ? Buffer.from(this.#held.subarray(from)) : none
  }
}
