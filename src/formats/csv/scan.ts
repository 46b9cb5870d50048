/**
 * One pass over the bytes of a CSV file: record-safe cut points, line and record counts.
 *
 * walker.ts knows what a record is; records.ts reads a slice by the same rule. Nearly all records
 * are of one line with quotes where they should be: a faster loop passes over these, plainWalk.ts.
 */
import { CutList, type Found } from '../cutList.ts'
import type { Dialect } from './dialect.ts'
import { commentAt, type Marks, marksOf, noBytes, withoutLineEnd } from './marks.ts'
import { PlainWalk } from './plainWalk.ts'
import { RecordTail } from './recordTail.ts'
import type { TypeScan } from './typeScan.ts'
import { RecordWalker } from './walker.ts'

export interface ScanLimits {
  /** Bytes between two cuts, at least. */
  cutBytes: number
  /** A longer record is a flaw, or of its lines the first is broken. */
  recordBytesMax: number
}

/** Where the data of a file starts, and what its records look like: csv/head.ts knows. */
export interface ScanStart {
  /** Bytes and physical lines before the first data record. */
  offset: number
  lines: number
  /** In a file of one column a blank line is a record, one NULL, as it is for COPY. */
  blankIsRecord: boolean
  /** Fields of a record; not known if absent. */
  width?: number
  /** Is shown every record. */
  types?: TypeScan
}

/** Feed it the file from its first byte with `push`, then call `finish` once. */
export class Scanner {
  readonly #limits: ScanLimits
  readonly #marks: Marks
  readonly #plain: PlainWalk | null
  readonly #walker: RecordWalker
  readonly #list: CutList
  readonly #start: ScanStart
  /** A record whose fields are all empty. */
  readonly #gaps: Buffer
  #isLast = false

  /** The bytes at hand, where they lie in the file, and which of them comes next. */
  #held: Buffer = noBytes
  #heldOffset = 0
  #scanned = 0
  /** What lies before `#held` of the record under way. */
  readonly #tail = new RecordTail()
  /** The bytes at hand lie in the tail: the record under way is together there. */
  #isGathered = false
  #recordStart = 0
  /** The walker is within the record under way. */
  #isWalking = false
  /** To the end of a line: of a comment, a broken one, or one that is too long. It is not held. */
  #skipping: 'comment' | 'broken' | 'record' | null = null

  constructor(dialect: Dialect, limits: ScanLimits, start: ScanStart) {
    this.#limits = limits
    this.#start = start
    this.#recordStart = start.offset
    this.#marks = marksOf(dialect)
    this.#walker = new RecordWalker(this.#marks)
    this.#list = new CutList(limits.cutBytes, dialect.skipFooter ?? 0)
    this.#list.open(start)
    // It knows no escapes, and a footer wants to know where each record starts.
    const isPlain = this.#marks.escape < 0 && !dialect.skipFooter
    this.#gaps = Buffer.from(dialect.delimiter.repeat(Math.max(0, (start.width ?? 1) - 1)))
    // Behind these there may be a carriage return.
    const options = { sizeMin: this.#gaps.length + 2, ...(start.types && { types: start.types }) }
    this.#plain = isPlain ? new PlainWalk(this.#marks, limits.recordBytesMax, options) : null
  }

  get found(): Found {
    return this.#list.found
  }

  /** Where the last record ends that was passed; 0 before the first one. */
  get passed(): number {
    return this.#list.end
  }

  push(chunk: Buffer): void {
    this.#hold(chunk)
    const inHead = this.#recordStart - this.#heldOffset
    if (inHead > 0) this.#scanned = Math.min(inHead, chunk.length)
    this.#walk()
    while (this.#pending() > this.#limits.recordBytesMax) {
      if (this.#skipping === 'record' || this.#skipping === 'comment') break
      const firstLineEnd = this.#isWalking ? this.#walker.firstLineEnd : 0
      if (firstLineEnd > 0) {
        this.#giveUpLine(firstLineEnd)
        this.#walk()
      } else this.#skip('record')
    }
    this.#plain?.show()
    this.#letGo()
  }

  /** @param isWhole after the last byte; else nothing is said of what lies behind the last record */
  finish(isWhole = true): void {
    const end = this.#heldOffset + this.#held.length
    this.#isLast = true
    // Each turn ends a record or gives up a line, after which the rest is read again.
    while (isWhole && this.#pending() > 0) {
      if (this.#skipping) this.#endLine(end)
      else this.#finishRecord(end)
      this.#walk()
    }
    this.#plain?.show()
    this.#list.finish()
  }

  #finishRecord(end: number): void {
    if (!this.#isWalking) this.#scanned = this.#recordStart - this.#heldOffset
    this.#walkCarefully()
    if (!this.#isWalking) return
    if (this.#walker.finish(this.#held) === 'end') this.#endRecord(end)
    else this.#giveUpLine(this.#walker.firstLineEnd || end)
  }

  #hold(bytes: Buffer): void {
    this.#held = bytes
    this.#plain?.take(bytes)
  }

  #pending(): number {
    return this.#heldOffset + this.#held.length - this.#recordStart
  }

  #walk(): void {
    for (let more = true; more && this.#scanned < this.#held.length; ) {
      this.#walkPlain()
      more = this.#walkCarefully()
    }
  }

  #walkPlain(): void {
    const plain = this.#plain
    if (this.#scanned < 0) this.#gather()
    if (!plain || this.#skipping || this.#isWalking) return
    plain.index = this.#scanned
    plain.start = this.#recordStart - this.#heldOffset
    const underWay = { tail: this.#tail.bytes, line: this.#list.line }
    plain.walk(this.#list.nextCut - this.#heldOffset, underWay)
    this.#scanned = plain.index
    if (plain.records === 0) return
    const start = plain.start + this.#heldOffset
    this.#list.passed(plain.records, start)
    this.#next(start)
  }

  /** To the end of one record or comment, whatever it is. @returns false when more bytes must come */
  #walkCarefully(): boolean {
    if (this.#scanned < 0) this.#gather()
    if (this.#scanned >= this.#held.length) return false
    if (!this.#isWalking && !this.#skipping && !this.#begin()) return false
    if (this.#skipping) return this.#skipLine()
    const walker = this.#walker
    walker.base = this.#heldOffset
    const stop = walker.walk(this.#held, this.#scanned, this.#isLast)
    this.#scanned = walker.at
    if (stop === 'end') {
      this.#scanned++
      this.#endRecord(this.#heldOffset + this.#scanned)
    } else if (stop === 'fault') {
      if (walker.firstLineEnd > 0) this.#giveUpLine(walker.firstLineEnd)
      else this.#skip('broken')
    }
    return stop !== 'more'
  }

  /** @returns false when more bytes must tell whether it is a comment */
  #begin(): boolean {
    const comment = commentAt(this.#held, this.#scanned, this.#marks)
    if (comment === 'cut' && !this.#isLast) return false
    this.#walker.begin()
    if (comment === true) this.#skip('comment')
    else this.#isWalking = true
    return true
  }

  #skip(what: 'comment' | 'broken' | 'record'): void {
    this.#skipping = what
    this.#isWalking = false
  }

  #skipLine(): true {
    const newlineAt = this.#held.indexOf(this.#marks.newline, this.#scanned)
    this.#scanned = newlineAt < 0 ? this.#held.length : newlineAt + 1
    if (newlineAt >= 0) this.#endLine(this.#heldOffset + this.#scanned)
    return true
  }

  /** The line that is skipped ends here. */
  #endLine(end: number): void {
    if (this.#skipping === 'broken') this.#giveUpLine(end)
    else if (this.#skipping === 'record') this.#flaw(end)
    else {
      this.#list.lines++
      this.#list.aside()
      this.#next(end)
    }
  }

  #endRecord(end: number): void {
    const start = this.#recordStart
    const { firstLineEnd, lines, odd } = this.#walker
    if (end - start > this.#limits.recordBytesMax) {
      this.#giveUpLine(firstLineEnd || end)
      return
    }
    const isShort = end - start <= this.#gaps.length + 2
    const content = isShort ? this.#content(start, end) : null
    this.#list.lines += lines + 1
    if (content?.length === 0 && !this.#start.blankIsRecord) this.#list.aside()
    else {
      this.#show(start, end, odd)
      this.#list.record(start, end, { odd, empty: content?.equals(this.#gaps) ?? false })
    }
    this.#next(end)
  }

  /** Lets the types see a record that was passed with care. */
  #show(start: number, end: number, odd: boolean): void {
    const { types } = this.#start
    const { line } = this.#list
    const before = this.#heldOffset
    if (!types || (!odd && this.#plain?.also(start - before, end - before, line))) return
    this.#plain?.show()
    types.record(this.#content(start, end), line)
  }

  /** Takes one line of the record under way for broken, and goes on right behind it. */
  #giveUpLine(end: number): void {
    if (end - this.#recordStart > this.#limits.recordBytesMax) this.#flaw(end)
    else {
      this.#list.broken(this.#recordStart, end)
      this.#goOn(end)
    }
  }

  /** Sets the record under way aside. */
  #flaw(end: number): void {
    this.#list.flaw(this.#recordStart, end)
    this.#goOn(end)
  }

  /** Reads again what comes behind a line that was given up. */
  #goOn(end: number): void {
    this.#next(end)
    this.#scanned = end - this.#heldOffset
  }

  #next(start: number): void {
    this.#recordStart = start
    this.#list.startRecord()
    this.#isWalking = false
    this.#skipping = null
  }

  /** The bytes of a record, without the line end. */
  #content(start: number, end: number): Buffer {
    if (start < this.#heldOffset) this.#gather()
    const record = this.#held.subarray(start - this.#heldOffset, end - this.#heldOffset)
    return withoutLineEnd(record, this.#marks.newline)
  }

  /** Puts the record under way together again. Rarely needed: not for records of one line. */
  #gather(): void {
    const { size } = this.#tail
    if (size === 0 || this.#isGathered) return
    this.#tail.add(this.#held)
    this.#isGathered = true
    this.#hold(this.#tail.bytes)
    this.#heldOffset -= size
    this.#scanned += size
  }

  /** Keeps of the bytes at hand what something may go back to: the record under way. */
  #letGo(): void {
    const end = this.#heldOffset + this.#held.length
    const from = this.#recordStart - this.#heldOffset
    if (this.#skipping || this.#recordStart === end) this.#tail.clear()
    else if (from < 0) this.#tail.add(this.#held)
    else if (!this.#isGathered || from > 0) {
      // A copy: a view would keep the whole chunk alive.
      this.#tail.clear()
      this.#tail.add(this.#held.subarray(from))
    }
    this.#isGathered = false
    // Behind half a delimiter it is less than 0.
    this.#scanned -= this.#held.length
    this.#held = noBytes
    this.#heldOffset = end
  }
}
