/** What the scan of a file keeps count of: cuts, flaws, lines and records. */
import type { Cut, FileShape, Flaw } from '../domain/words.ts'

/** What the scan says of a file: its part of the shape. */
export type Found = Pick<FileShape, 'cuts' | 'flaws' | 'firstOdd' | 'firstEmpty'>

export class CutList {
  readonly #cuts: Cut[] = []
  readonly #flaws: Flaw[] = []
  /** Physical lines up to here. */
  lines = 0
  /** Where the next cut is due. */
  nextCut: number

  readonly #cutBytes: number
  /** How many records at the end are not data, and where the last ones start. */
  readonly #footer: number
  readonly #lastStarts: Cut[] = []
  /** Lines before the record under way. */
  #recordLines = 0
  #records = 0
  #broken = 0
  #aside = 0
  #odd = 0
  #empty = 0
  readonly #firstLines: Pick<FileShape, 'firstOdd' | 'firstEmpty'> = {}
  /** The end of the last record. */
  #end: Cut | null = null

  constructor(cutBytes: number, footer: number) {
    this.#cutBytes = cutBytes
    this.#footer = footer
    this.nextCut = cutBytes
  }

  get found(): Found {
    return { cuts: this.#cuts, flaws: this.#flaws, ...this.#firstLines }
  }

  /** Where the last record or flaw ends; 0 before the first one. */
  get end(): number {
    return this.#end?.offset ?? 0
  }

  /** How many there are so far. */
  get records(): number {
    return this.#records
  }

  /** A record starts where the lines counted so far end. */
  startRecord(): void {
    this.#recordLines = this.lines
  }

  /** The line number of the record under way, from 1. */
  get line(): number {
    return this.#recordLines + 1
  }

  /** The data starts here. */
  open({ offset, lines }: { offset: number; lines: number }): void {
    this.lines = lines
    this.startRecord()
    this.#cut(this.#at(offset, lines))
  }

  /** A record that was read to its end; its lines are counted. */
  record(start: number, end: number, { odd, empty }: { odd: boolean; empty: boolean }): void {
    this.#remember(start)
    this.#records++
    if (odd) {
      this.#firstLines.firstOdd ??= this.line
      this.#odd++
    }
    if (empty) {
      this.#firstLines.firstEmpty ??= this.line
      this.#empty++
    }
    this.#boundary(end)
  }

  /** A record of one line, which starts where the one before it ended. */
  recordOfLine(start: number, end: number): void {
    this.lines++
    this.record(start, end, { odd: false, empty: false })
    this.startRecord()
  }

  /** A line that is no record, and need not be told from one by whoever loads it. */
  lineOfNone(end: number): void {
    this.lines++
    this.#boundary(end)
    this.startRecord()
  }

  /** Counts several records of one line each; no cut is due before the last one. */
  passed(records: number, end: number): void {
    this.lines += records
    this.#records += records
    this.#boundary(end)
  }

  /** The first line of the record under way is broken; reading goes on behind it. */
  broken(start: number, end: number): void {
    this.#remember(start)
    this.lines = this.#recordLines + 1
    this.#broken++
    this.#boundary(end)
  }

  /**
   * The record under way is too long, or the document has a problem here. Such a place may be empty: it
   * has two cuts all the same.
   */
  flaw(start: number, end: number, problem?: string): void {
    this.#cut(this.#at(start, this.#recordLines))
    this.#remember(start)
    this.#flaws.push({ start, end, line: this.#recordLines + 1, ...(problem && { problem }) })
    this.lines++
    this.#end = this.#at(end, this.lines)
    this.#cuts.push(this.#end)
    this.nextCut = end + this.#cutBytes
    this.startRecord()
  }

  /** A line that is no record. */
  aside(): void {
    this.#aside++
  }

  /** After the last byte: the last cut, and the footer off. */
  finish(): void {
    if (this.#end) this.#cut(this.#end)
    const footer = this.#lastStarts[0]
    if (!footer) return
    while (this.#cuts.length > 0 && (this.#cuts.at(-1) as Cut).offset > footer.offset)
      this.#cuts.pop()
    while (this.#flaws.length > 0 && (this.#flaws.at(-1) as Flaw).start >= footer.offset) {
      this.#flaws.pop()
    }
    this.#cut(footer)
  }

  /** Where the last records start, as many as the footer has. */
  #remember(start: number): void {
    if (this.#footer === 0) return
    this.#lastStarts.push(this.#at(start, this.#recordLines))
    if (this.#lastStarts.length > this.#footer) this.#lastStarts.shift()
  }

  #at(offset: number, lines: number): Cut {
    const cut: Cut = { offset, lines, records: this.#records, broken: this.#broken }
    if (this.#aside > 0) cut.aside = this.#aside
    if (this.#odd > 0) cut.odd = this.#odd
    if (this.#empty > 0) cut.empty = this.#empty
    return cut
  }

  #boundary(end: number): void {
    this.#end = this.#at(end, this.lines)
    if (end >= this.nextCut) this.#cut(this.#end)
  }

  #cut(cut: Cut): void {
    if (this.#cuts.at(-1)?.offset !== cut.offset) this.#cuts.push(cut)
    this.nextCut = cut.offset + this.#cutBytes
  }
}
