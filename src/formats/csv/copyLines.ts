/**
 * Lines as COPY counts them when it is given CSV: one for each record, and one for each line end
 * within quotes, of which only the first byte counts of what the first line ended with.
 */
import { CR, LF, noBytes } from './marks.ts'
import type { RecordSpan } from './records.ts'

/** Counts on from record to record, over the slices of one COPY. */
export class CopyLines {
  /** The number that COPY gives for the last record: its `cur_lineno`. */
  line = 0
  /** Until COPY has met its first line end it takes the file for one with `\r`. */
  #counted: number | null = null
  #slice: Buffer = noBytes
  /** The first of the counted bytes that is not behind us. */
  #found = -1

  /** @returns the line of the next record */
  next(slice: Buffer, { start, end }: RecordSpan): number {
    if (slice !== this.#slice) {
      this.#slice = slice
      this.#found = -1
    }
    this.line++
    for (this.#find(start); this.#found < end; this.#find(this.#found + 1)) this.line++
    if (this.#counted === null) {
      this.#counted = slice[end] === LF ? LF : CR
      this.#found = -1
    }
    return this.line
  }

  #find(from: number): void {
    if (this.#found >= from) return
    const at = this.#slice.indexOf(this.#counted ?? CR, from)
    this.#found = at < 0 ? Number.POSITIVE_INFINITY : at
  }
}
