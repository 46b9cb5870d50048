/**
 * Over the records of one line whose quotes stand where they should, as nearly all are: the fast
 * part of the scan, several GB/s.
 *
 * The loop is WebAssembly, which has SIMD and JavaScript has not (simd/walk.ts). It sees a window
 * of the bytes, copied into its memory, which all walks of the process share.
 */
import { loop, memory, windowBytes } from './loop.ts'
import { type Marks, noBytes, withoutLineEnd } from './marks.ts'
import type { TypeScan } from './typeScan.ts'

interface Limits extends Omit<Marks, 'delimiter' | 'escape' | 'commentText'> {
  /** -1 when it has several bytes: a record with quotes is not plain then. */
  delimiter: number
  sizeMin: number
  sizeMax: number
}

interface PlainOptions {
  /** A record of fewer bytes is not plain; its newline does not count. */
  sizeMin?: number
  /** Is shown the records that the walk passes, while they lie in the window. */
  types?: TypeScan
}

const int32Max = 2 ** 31 - 1

/** What a walk is told of the record under way. */
interface UnderWay {
  /** What lies before the bytes. */
  tail: Buffer
  line: number
}

/** Walks until the first record that is not plain. */
export class PlainWalk {
  /** The first byte that is not walked over: that of a record that is not plain, or behind all. */
  index = 0
  /** Where the record under way starts. */
  start = 0
  /** How many records ended. */
  records = 0
  /** What the loop wants to know of the record under way when it goes on with it. */
  #inQuotes = 0
  #carry = 0

  readonly #limits: Limits
  #bytes: Buffer = noBytes
  /** The bytes that lie in the window. */
  #windowStart = 0
  #windowEnd = 0
  readonly #types: TypeScan | null
  /** Records in the window, one behind the other, which the types have not been shown yet. */
  #shown: { from: number; to: number; line: number } | null = null

  /** @param sizeMax a record of this many bytes is not plain */
  constructor(
    { delimiter, ...marks }: Omit<Marks, 'commentText'>,
    sizeMax: number,
    { sizeMin = 2, types }: PlainOptions = {},
  ) {
    this.#types = types ?? null
    this.#limits = {
      ...marks,
      delimiter: delimiter.length === 1 ? (delimiter[0] ?? -1) : -1,
      sizeMin,
      sizeMax,
    }
  }

  /** Must be called before the first walk over these bytes, and after other walks in between. */
  take(bytes: Buffer): void {
    this.show()
    this.#bytes = bytes
    this.#windowStart = 0
    this.#windowEnd = 0
  }

  /** @param stopAt a record that ends here or later is left to the careful walk: a cut is due */
  walk(stopAt: number, underWay: UnderWay = { tail: noBytes, line: 0 }): void {
    const { delimiter, quote, newline, comment, sizeMin } = this.#limits
    const sizeMax = Math.min(this.#limits.sizeMax, int32Max)
    const bytes = this.#bytes
    this.records = 0
    loop.limit(newline, delimiter, quote, comment, sizeMin, sizeMax)
    while (this.index < bytes.length) {
      // The careful walk knows what to do with a comment.
      if (comment >= 0 && this.index === this.start && bytes[this.index] === comment) return
      if (this.index < this.#windowStart || this.index >= this.#windowEnd) {
        this.#fill(underWay.tail)
      }
      if (this.#walkWindow(stopAt, underWay)) return
    }
  }

  /**
   * A record that a careful walk has passed, and whose quotes stand where they should: is shown with
   * those around it.
   * @returns false where that cannot be: it does not lie in the window, or has no line end
   */
  also(start: number, end: number, line: number): boolean {
    const isThere = start >= this.#windowStart && end <= this.#windowEnd
    if (!isThere || this.#bytes[end - 1] !== this.#limits.newline) return false
    this.#add(start - this.#windowStart, end - this.#windowStart, line)
    return true
  }

  /** Must be called before the types are told of other records, and before other walks. */
  show(): void {
    const shown = this.#shown
    this.#shown = null
    if (shown) this.#types?.plain(shown.from, shown.to, shown.line)
  }

  #add(from: number, to: number, line: number): void {
    if (this.#shown?.to === from) this.#shown.to = to
    else {
      this.show()
      this.#shown = { from, to, line }
    }
  }

  /** From the start of the record on, if that is not too far. */
  #fill(tail: Buffer): void {
    this.show()
    const { start, index } = this
    // A longer tail would be copied with each of many chunks.
    const isShort = tail.length >= -start && tail.length <= this.#bytes.length
    const isHeld = start >= 0 || (this.#types !== null && isShort)
    this.#windowStart = isHeld && index - start < windowBytes / 2 ? start : index
    const before = Math.max(0, -this.#windowStart)
    if (before > 0) memory.bytes.set(tail.subarray(-before))
    const from = this.#windowStart + before
    this.#windowEnd = Math.min(this.#bytes.length, this.#windowStart + windowBytes)
    memory.bytes.set(this.#bytes.subarray(from, this.#windowEnd), before)
  }

  /** @returns whether it stopped before the end of the window */
  #walkWindow(stopAt: number, underWay: UnderWay): boolean {
    const base = this.#windowStart
    const from = this.start - base
    loop.index.value = this.index - base
    loop.start.value = this.start - base
    const isNew = this.index === this.start
    loop.inQuotes.value = isNew ? 0 : this.#inQuotes
    loop.carry.value = this.#carry
    loop.records.value = 0
    const stopped = loop.walk(0, this.#windowEnd - base, Math.min(stopAt - base, int32Max)) !== 0
    this.start = base + loop.start.value
    this.index = stopped ? this.start : base + loop.index.value
    this.#inQuotes = loop.inQuotes.value
    this.#carry = loop.carry.value
    if (this.#types && loop.records.value > 0) this.#passed(from, base, underWay)
    this.records += loop.records.value
    return stopped
  }

  /** The first record may have begun before the window, and before the bytes. */
  #passed(from: number, base: number, { tail, line: firstLine }: UnderWay): void {
    const to = loop.start.value
    const line = firstLine + this.records
    if (from >= 0) {
      this.#add(from, to, line)
      return
    }
    const firstTo = loop.firstEnd.value + 1
    const start = base + from
    const held = this.#bytes.subarray(Math.max(0, start), base + firstTo)
    const record = start < 0 ? Buffer.concat([tail.subarray(start), held]) : held
    this.show()
    this.#types?.record(withoutLineEnd(record, this.#limits.newline), line)
    if (firstTo < to) this.#add(firstTo, to, line + 1)
  }
}
