/**
 * One pass over the bytes of a CSV file: record-safe cut points, line and record counts, flaws.
 *
 * A record ends at a newline outside quotes, and every quote character opens or closes, which is
 * how PostgreSQL's COPY sees it (`CopyReadLineText`). A quote that never closes would swallow the
 * rest of the file: when a record grows past `recordBytesMax`, or the file ends within quotes,
 * its first line alone becomes a flaw, and the scan goes on with the next line.
 */
import type { Cut, Dialect, Flaw } from '../domain/words.ts'

export interface ScanLimits {
  /** Bytes between two cuts, at least. */
  cutBytes: number
  /** A longer record cannot be loaded; it becomes a flaw. */
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

  readonly #limits: ScanLimits
  readonly #newline: number
  readonly #quote: number
  readonly #escape: number
  readonly #highest: number
  #headerAhead: boolean
  #blankIsRecord = false
  readonly #singleColumn: (first: Buffer) => boolean

  /** Bytes of the record under way, and where they lie in the file. */
  #held: Buffer = none
  #heldOffset = 0
  #scanned = 0
  #recordStart = 0
  #recordLines = 0
  /** Just behind the first line of the record under way; 0 while it has one line only. */
  #firstLineEnd = 0
  #inQuotes = false
  #escaped = false
  #skipping = false
  #lines = 0
  #records = 0
  #end: Cut | null = null

  /**
   * @param singleColumn tells whether the first record has one field only: then a blank line is a
   *   record (one NULL), as it is for COPY; else blank lines are passed over.
   */
  constructor(dialect: Dialect, limits: ScanLimits, singleColumn: (first: Buffer) => boolean) {
    this.#limits = limits
    this.#newline = dialect.newline === '\r' ? CR : LF
    this.#quote = dialect.quote.charCodeAt(0)
    this.#escape = dialect.escape === dialect.quote ? -1 : dialect.escape.charCodeAt(0)
    this.#highest = Math.max(this.#newline, this.#quote, this.#escape)
    this.#headerAhead = dialect.header
    this.#singleColumn = singleColumn
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
        this.#giveUpLine('quote_not_closed')
        this.#walk()
      } else this.#skipping = true
    }
    this.#letGo()
  }

  /** After the last byte. The scan can be read from `cuts`, `flaws` and `first` afterwards. */
  finish(): void {
    while (this.#inQuotes && !this.#skipping && this.#firstLineEnd > 0) {
      this.#giveUpLine('quote_not_closed')
      this.#walk()
    }
    const end = this.#heldOffset + this.#held.length
    if (this.#pending() > 0 || this.#skipping) {
      this.#lines++
      if (this.#skipping) this.#flaw(end, 'record_too_long')
      else if (this.#inQuotes) this.#flaw(end, 'quote_not_closed')
      else this.#endRecord(end)
    }
    if (this.#end && this.#end.offset > (this.cuts.at(-1)?.offset ?? -1)) this.cuts.push(this.#end)
  }

  #pending(): number {
    return this.#heldOffset + this.#held.length - this.#recordStart
  }

  #walk(): void {
    const buffer = this.#held
    const base = this.#heldOffset
    const highest = this.#highest
    const newline = this.#newline
    const quote = this.#quote
    const escape = this.#escape
    let inQuotes = this.#inQuotes
    let index = this.#scanned
    for (; index < buffer.length; index++) {
      const byte = buffer[index] as number
      if (byte > highest) {
        if (escape >= 0) this.#escaped = false
        continue
      }
      if (byte === newline) {
        this.#lines++
        this.#escaped = false
        if (this.#skipping) {
          this.#flaw(base + index + 1, 'record_too_long')
          inQuotes = this.#inQuotes
        } else if (!inQuotes) this.#endRecord(base + index + 1)
        else if (this.#firstLineEnd === 0) this.#firstLineEnd = base + index + 1
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
    if (this.first === null) this.#openFile(start, end)
    else if (this.#blankIsRecord || !this.#isBlank(start, end)) this.#countRecord(end)
    this.#next(end)
  }

  #openFile(start: number, end: number): void {
    if (this.#isBlank(start, end)) return
    this.first = Buffer.from(this.#held.subarray(start - this.#heldOffset, this.#contentEnd(start, end)))
    this.#blankIsRecord = this.#singleColumn(this.first)
    if (this.#headerAhead) {
      this.#headerAhead = false
      this.#cut({ offset: end, lines: this.#lines, records: 0 })
    } else {
      this.#cut({ offset: start, lines: this.#recordLines, records: 0 })
      this.#countRecord(end)
    }
  }

  #countRecord(end: number): void {
    this.#records++
    this.#end = { offset: end, lines: this.#lines, records: this.#records }
    const from = this.cuts.at(-1)?.offset ?? 0
    if (end - from >= this.#limits.cutBytes) this.#cut(this.#end)
  }

  #flaw(end: number, code: Flaw['code']): void {
    const start = this.#recordStart
    const before = { offset: start, lines: this.#recordLines, records: this.#records }
    const after = { offset: end, lines: this.#lines, records: this.#records }
    if ((this.cuts.at(-1)?.offset ?? -1) < start) this.#cut(before)
    this.flaws.push({ start, end, line: this.#recordLines + 1, code })
    this.#cut(after)
    this.#end = after
    this.#skipping = false
    this.#inQuotes = false
    this.#next(end)
  }

  /** Takes the first line of the record under way for a flaw, and goes back to just behind it. */
  #giveUpLine(code: Flaw['code']): void {
    this.#lines = this.#recordLines + 1
    this.#flaw(this.#firstLineEnd, code)
    this.#scanned = this.#recordStart - this.#heldOffset
    this.#escaped = false
  }

  #next(start: number): void {
    this.#recordStart = start
    this.#recordLines = this.#lines
    this.#firstLineEnd = 0
  }

  #cut(cut: Cut): void {
    this.cuts.push(cut)
  }

  /** Forgets bytes that no rewind can need. */
  #letGo(): void {
    const from = this.#skipping ? this.#held.length : this.#recordStart - this.#heldOffset
    this.#heldOffset += from
    this.#scanned -= from
    // A copy: a view would keep the whole chunk alive.
    this.#held = from < this.#held.length ? Buffer.from(this.#held.subarray(from)) : none
  }

  #contentEnd(start: number, end: number): number {
    let last = end - this.#heldOffset
    const first = start - this.#heldOffset
    if (last > first && this.#held[last - 1] === this.#newline) last--
    if (last > first && this.#newline === LF && this.#held[last - 1] === CR) last--
    return last
  }

  #isBlank(start: number, end: number): boolean {
    return end - start <= 2 && this.#contentEnd(start, end) === start - this.#heldOffset
  }
}
