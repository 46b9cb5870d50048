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

interface Limits extends Omit<Marks, 'delimiter' | 'escape'> {
  /** -1 when it has several bytes: a record with quotes is not plain then. */
  delimiter: number
  sizeMax: number
}

const int32Max = 2 ** 31 - 1

/** What a walk is told of its records besides. */
interface Besides {
  /** Is shown the records that the walk passes, while they lie in the window. */
  types: TypeScan | undefined
  /** What lies before the bytes, of the record under way. */
  tail: Buffer
  /** Of the record under way. */
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

  /** @param sizeMax a record of this many bytes is not plain */
  constructor({ delimiter, ...marks }: Marks, sizeMax: number) {
    this.#limits = {
      ...marks,
      delimiter: delimiter.length === 1 ? (delimiter[0] ?? -1) : -1,
      sizeMax,
    }
  }

  /** Must be called before the first walk over these bytes, and after other walks in between. */
  take(bytes: Buffer): void {
    this.#bytes = bytes
    this.#windowStart = 0
    this.#windowEnd = 0
  }

  /** @param stopAt a record that ends here or later is left to the careful walk: a cut is due */
  walk(stopAt: number, besides?: Besides): void {
    const { delimiter, quote, newline, comment, sizeMax } = this.#limits
    const bytes = this.#bytes
    this.records = 0
    loop.limit(newline, delimiter, quote, comment, Math.min(sizeMax, int32Max))
    while (this.index < bytes.length) {
      // The careful walk knows what to do with a comment.
      if (comment >= 0 && this.index === this.start && bytes[this.index] === comment) return
      if (this.index < this.#windowStart || this.index >= this.#windowEnd) this.#fill()
      if (this.#walkWindow(stopAt, besides)) return
    }
  }

  /** From the start of the record on, if that is not too far. */
  #fill(): void {
    const isNear = this.start >= 0 && this.index - this.start < windowBytes / 2
    this.#windowStart = isNear ? this.start : this.index
    this.#windowEnd = Math.min(this.#bytes.length, this.#windowStart + windowBytes)
    memory.bytes.set(this.#bytes.subarray(this.#windowStart, this.#windowEnd))
  }

  /** @returns whether it stopped before the end of the window */
  #walkWindow(stopAt: number, besides: Besides | undefined): boolean {
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
    if (besides?.types && loop.records.value > 0) this.#show(from, base, besides)
    this.records += loop.records.value
    return stopped
  }

  /** The first record may have begun before the window, and before the bytes. */
  #show(from: number, base: number, { types, tail, line: firstLine }: Besides): void {
    const to = loop.start.value
    const line = firstLine + this.records
    if (from >= 0) {
      types?.plain(from, to, line)
      return
    }
    const firstTo = loop.firstEnd.value + 1
    const start = base + from
    const held = this.#bytes.subarray(Math.max(0, start), base + firstTo)
    const record = start < 0 ? Buffer.concat([tail.subarray(start), held]) : held
    types?.record(withoutLineEnd(record, this.#limits.newline), line)
    if (firstTo < to) types?.plain(firstTo, to, line + 1)
  }
}
