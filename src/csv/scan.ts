/**
 * One pass over the bytes of a CSV file: record-safe cut points, line and record counts.
 *
 * A record ends at a newline outside quotes, and every quote character opens or closes, which is
 * how PostgreSQL's COPY sees it (`CopyReadLineText`). COPY would also let a stray quote swallow
 * the lines that follow, without a word. So a record of several lines counts only if its quotes
 * stand where they should; else its first line alone is given up as broken, and the scan goes on
 * with the next line. csv/records.ts reads a slice by the same rule.
 */
import type { Cut, Dialect, Flaw } from '../domain/words.ts'
import { CutList } from './cutList.ts'
import { type Marks, marksOf, noBytes, withoutLineEnd } from './marks.ts'
import { PlainWalk } from './plainWalk.ts'
import { shapeOf } from './records.ts'

export interface ScanLimits {
  /** Bytes between two cuts, at least. */
  cutBytes: number
  /** A longer record is not loaded: within quotes its first line is broken, else it is a flaw. */
  recordBytesMax: number
}

/** Where the data of a file starts, and what its records look like: csv/head.ts knows. */
export interface ScanStart {
  /** Bytes and physical lines before the first data record. */
  offset: number
  lines: number
  /** In a file of one column a blank line is a record, one NULL, as it is for COPY. */
  blankIsRecord: boolean
}

/** Feed it the file from its first byte with `push`, then call `finish` once. */
export class Scanner {
  readonly #dialect: Dialect
  readonly #limits: ScanLimits
  readonly #marks: Marks
  readonly #plain: PlainWalk | null
  readonly #list: CutList
  readonly #start: ScanStart

  /** The bytes at hand, where they lie in the file, and how many of them are scanned. */
  #held: Buffer = noBytes
  #heldOffset = 0
  #scanned = 0
  /** What lies before `#held` of the record under way. */
  #tail: Buffer = noBytes
  #recordStart = 0
  /** Just behind the first line of the record under way; 0 while it has one line only. */
  #firstLineEnd = 0
  #inQuotes = false
  #escaped = false
  /** Within a record that is too long, or a comment: its bytes are not held. */
  #skipping: 'record' | 'comment' | null = null

  constructor(dialect: Dialect, limits: ScanLimits, start: ScanStart) {
    this.#dialect = dialect
    this.#limits = limits
    this.#start = start
    this.#recordStart = start.offset
    this.#marks = marksOf(dialect)
    this.#list = new CutList(limits.cutBytes, dialect.skipFooter ?? 0)
    this.#list.open(start)
    // It knows no escapes, and a footer wants to know where each record starts.
    const isPlain = this.#marks.escape < 0 && !dialect.skipFooter
    const sizeMax = limits.recordBytesMax
    this.#plain = isPlain ? new PlainWalk({ ...this.#marks, sizeMax }) : null
  }

  get cuts(): Cut[] {
    return this.#list.cuts
  }

  get flaws(): Flaw[] {
    return this.#list.flaws
  }

  push(chunk: Buffer): void {
    this.#hold(chunk)
    const inHead = this.#recordStart - this.#heldOffset
    if (inHead > 0) this.#scanned = Math.min(inHead, chunk.length)
    this.#walk()
    while (this.#pending() > this.#limits.recordBytesMax && !this.#skipping) {
      if (this.#firstLineEnd > 0) {
        this.#giveUpLine(this.#firstLineEnd)
        this.#walk()
      } else this.#skipping = 'record'
    }
    this.#letGo()
  }

  /** After the last byte. */
  finish(): void {
    const end = this.#heldOffset + this.#held.length
    // Each turn ends a record or gives up a line, after which the rest is read again.
    while (this.#pending() > 0) {
      if (this.#skipping === 'record') this.#flaw(end)
      else if (this.#skipping === 'comment') this.#comment(end)
      else if (this.#inQuotes) this.#giveUpLine(this.#firstLineEnd || end)
      else this.#endRecord(end)
      this.#walk()
    }
    this.#list.finish()
  }

  #hold(bytes: Buffer): void {
    this.#held = bytes
    this.#plain?.take(bytes)
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

  #walkPlain(): void {
    const plain = this.#plain
    const special = this.#skipping || this.#firstLineEnd > 0
    if (!plain || special) return
    plain.index = this.#scanned
    plain.start = this.#recordStart - this.#heldOffset
    plain.inQuotes = this.#inQuotes
    plain.walk(this.#list.nextCut - this.#heldOffset)
    this.#inQuotes = plain.inQuotes
    this.#scanned = plain.index
    if (plain.records === 0) return
    const start = plain.start + this.#heldOffset
    this.#list.passed(plain.records, start)
    this.#next(start)
  }

  /** To the end of one record or comment, whatever it is. */
  #walkCarefully(): void {
    const buffer = this.#held
    const base = this.#heldOffset
    const { newline, quote, escape, comment } = this.#marks
    const highest = Math.max(newline, quote, escape)
    if (this.#scanned >= buffer.length) return
    const isStart = base + this.#scanned === this.#recordStart && !this.#skipping
    if (isStart && buffer[this.#scanned] === comment) this.#skipping = 'comment'
    if (this.#skipping) {
      this.#skipLine()
      return
    }
    for (let index = this.#scanned; index < buffer.length; index++) {
      const byte = buffer[index] as number
      this.#scanned = index + 1
      if (byte > highest) this.#escaped = false
      else if (byte === newline) {
        this.#escaped = false
        const end = base + index + 1
        if (!this.#inQuotes) {
          this.#endRecord(end)
          return
        }
        this.#list.lines++
        if (this.#firstLineEnd === 0) this.#firstLineEnd = end
      } else if (byte === escape && this.#inQuotes) {
        this.#escaped = !this.#escaped
      } else {
        if (byte === quote && !this.#escaped) this.#inQuotes = !this.#inQuotes
        this.#escaped = false
      }
    }
  }

  /** To the end of the line: of a comment, or of a record that is too long. */
  #skipLine(): void {
    const newlineAt = this.#held.indexOf(this.#marks.newline, this.#scanned)
    this.#scanned = newlineAt < 0 ? this.#held.length : newlineAt + 1
    if (newlineAt < 0) return
    const end = this.#heldOffset + this.#scanned
    if (this.#skipping === 'comment') this.#comment(end)
    else this.#flaw(end)
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
    this.#list.lines++
    if (!blank || this.#start.blankIsRecord) this.#list.record(start, end)
    else this.#list.aside()
    this.#next(end)
  }

  /** Takes one line of the record under way for broken, and goes on right behind it. */
  #giveUpLine(end: number): void {
    this.#list.broken(this.#recordStart, end, this.#heldOffset + this.#scanned)
    this.#next(end)
    this.#gather()
    this.#scanned = end - this.#heldOffset
    this.#inQuotes = false
    this.#escaped = false
  }

  /** Sets the record under way aside. */
  #flaw(end: number): void {
    this.#list.flaw(this.#recordStart, end)
    this.#skipping = null
    this.#inQuotes = false
    this.#next(end)
  }

  #comment(end: number): void {
    this.#list.lines++
    this.#list.aside()
    this.#skipping = null
    this.#next(end)
  }

  #next(start: number): void {
    this.#recordStart = start
    this.#list.startRecord()
    this.#firstLineEnd = 0
  }

  /** The bytes of a record without its line end. */
  #content(start: number, end: number): Buffer {
    if (start < this.#heldOffset) this.#gather()
    const record = this.#held.subarray(start - this.#heldOffset, end - this.#heldOffset)
    return withoutLineEnd(record, this.#marks.newline)
  }

  /** Puts the record under way together again. Rarely needed: not for records of one line. */
  #gather(): void {
    if (this.#tail.length === 0) return
    this.#hold(Buffer.concat([this.#tail, this.#held]))
    this.#heldOffset -= this.#tail.length
    this.#scanned += this.#tail.length
    this.#tail = noBytes
  }

  /** Keeps of the bytes at hand what something may go back to: the record under way. */
  #letGo(): void {
    const end = this.#heldOffset + this.#held.length
    const from = this.#recordStart - this.#heldOffset
    if (this.#skipping || this.#recordStart === end) this.#tail = noBytes
    else if (from < 0) this.#tail = Buffer.concat([this.#tail, this.#held])
    // A copy: a view would keep the whole chunk alive.
    else this.#tail = Buffer.from(this.#held.subarray(from))
    this.#held = noBytes
    this.#heldOffset = end
    this.#scanned = 0
  }
}
