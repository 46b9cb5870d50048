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
  /** -1 when a quote is escaped by doubling it. */
  readonly #escape: number
  #blankIsRecord = false

  /** The bytes at hand, where they lie in the file, and how many of them are scanned. */
  #held: Buffer = none
  #heldOffset = 0
  #scanned = 0
  /** What lies before `#held` of the record under way. */
  #tail: Buffer = none
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
    this.#held = chunk
    if (this.#heldOffset === 0 && chunk.subarray(0, bom.length).equals(bom)) {
      this.#scanned = bom.length
      this.#recordStart = bom.length
    }
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
    while (this.#scanned < this.#held.length) {
      this.#walkPlain()
      this.#walkCarefully()
    }
  }

  /**
   * Over records of one line, as nearly all are: 1.2 GB/s where `#walkCarefully` comes to 0.4. Stops
   * at the first newline that is anything else.
   */
  #walkPlain(): void {
    const special = this.#skipping || this.#firstLineEnd > 0 || this.first === null
    if (special || this.#escape >= 0) return
    const buffer = this.#held
    const newline = this.#newline
    const quote = this.#quote
    const highest = Math.max(newline, quote)
    const { cutBytes, recordBytesMax } = this.#limits
    const nextCut = (this.cuts.at(-1)?.offset ?? 0) + cutBytes - this.#heldOffset
    let start = this.#recordStart - this.#heldOffset
    let inQuotes = this.#inQuotes
    let records = 0
    let index = this.#scanned
    for (; index < buffer.length; index++) {
      const byte = buffer[index] as number
      if (byte > highest) continue
      if (byte === newline) {
        const size = index - start
        // Of fewer bytes it may be blank.
        if (inQuotes || size < 2 || size >= recordBytesMax || index + 1 >= nextCut) break
        records++
        start = index + 1
      } else if (byte === quote) inQuotes = !inQuotes
    }
    this.#inQuotes = inQuotes
    this.#scanned = index
    if (records === 0) return
    this.#lines += records
    this.#records += records
    this.#boundary(start + this.#heldOffset)
    this.#next(start + this.#heldOffset)
  }

  /** To the end of one record, whatever it is. */
  #walkCarefully(): void {
    const buffer = this.#held
    const base = this.#heldOffset
    const highest = Math.max(this.#newline, this.#quote, this.#escape)
    for (let index = this.#scanned; index < buffer.length; index++) {
      const byte = buffer[index] as number
      this.#scanned = index + 1
      if (byte > highest) this.#escaped = false
      else if (byte === this.#newline) {
        this.#lines++
        this.#escaped = false
        const end = base + index + 1
        if (this.#skipping || !this.#inQuotes) {
          if (this.#skipping) this.#flaw(end)
          else this.#endRecord(end)
          return
        }
        if (this.#firstLineEnd === 0) this.#firstLineEnd = end
      } else if (byte === this.#escape && this.#inQuotes) {
        this.#escaped = !this.#escaped
      } else {
        if (byte === this.#quote && !this.#escaped) this.#inQuotes = !this.#inQuotes
        this.#escaped = false
      }
    }
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
    this.#gather()
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
    this.#gather()
    const first = start - this.#heldOffset
    let last = end - this.#heldOffset
    if (last > first && this.#held[last - 1] === this.#newline) last--
    if (last > first && this.#newline === LF && this.#held[last - 1] === CR) last--
    return this.#held.subarray(first, last)
  }

  /** Puts the record under way together again. Rarely needed: not for records of one line. */
  #gather(): void {
    if (this.#tail.length === 0) return
    this.#held = Buffer.concat([this.#tail, this.#held])
    this.#heldOffset -= this.#tail.length
    this.#scanned += this.#tail.length
    this.#tail = none
  }

  /** Keeps of the bytes at hand what something may go back to: the record under way. */
  #letGo(): void {
    const end = this.#heldOffset + this.#held.length
    const from = this.#recordStart - this.#heldOffset
    if (this.#skipping || this.#recordStart === end) this.#tail = none
    else if (from < 0) this.#tail = Buffer.concat([this.#tail, this.#held])
    // A copy: a view would keep the whole chunk alive.
    else this.#tail = Buffer.from(this.#held.subarray(from))
    this.#held = none
    this.#heldOffset = end
    this.#scanned = 0
  }
}
