/**
 * Over the records of one line whose quotes stand where they should, as nearly all are: the fast
 * part of the scan, several GB/s.
 *
 * The loop is WebAssembly, which has SIMD and JavaScript has not (simd/walk.ts). It sees a window
 * of the bytes, copied into its memory, which all walks of the process share.
 */
import { type Marks, noBytes } from './marks.ts'
import { walkWasm } from './walkWasm.ts'

interface Limits extends Omit<Marks, 'delimiter' | 'escape'> {
  /** -1 when it has several bytes: a record with quotes is not plain then. */
  delimiter: number
  sizeMax: number
}

/** What simd/walk.ts exports: positions in the window, and what it does. */
interface Loop {
  memory: { buffer: ArrayBuffer; grow(pages: number): number }
  index: { value: number }
  start: { value: number }
  inQuotes: { value: number }
  records: { value: number }
  carry: { value: number }
  limit(...numbers: number[]): void
  walk(base: number, size: number, stopAt: number): number
}

/** Its types come with those of browsers only. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object
  Instance: new (module: object) => { exports: unknown }
}

const windowBytes = 1 << 20
const pageBytes = 1 << 16
const int32Max = 2 ** 31 - 1

const module = new WebAssembly.Module(Buffer.from(walkWasm, 'base64'))
const loop = new WebAssembly.Instance(module).exports as Loop
// One page more: the loop reads 64 bytes at a time.
loop.memory.grow(windowBytes / pageBytes + 1)
const memory = new Uint8Array(loop.memory.buffer)

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
  walk(stopAt: number): void {
    const { delimiter, quote, newline, comment, sizeMax } = this.#limits
    const bytes = this.#bytes
    this.records = 0
    loop.limit(newline, delimiter, quote, comment, Math.min(sizeMax, int32Max))
    while (this.index < bytes.length) {
      // The careful walk knows what to do with a comment.
      if (comment >= 0 && this.index === this.start && bytes[this.index] === comment) return
      if (this.index < this.#windowStart || this.index >= this.#windowEnd) this.#fill()
      if (this.#walkWindow(stopAt)) return
    }
  }

  #fill(): void {
    this.#windowStart = this.index
    this.#windowEnd = Math.min(this.#bytes.length, this.index + windowBytes)
    memory.set(this.#bytes.subarray(this.#windowStart, this.#windowEnd))
  }

  /** @returns whether it stopped before the end of the window */
  #walkWindow(stopAt: number): boolean {
    const base = this.#windowStart
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
    this.records += loop.records.value
    return stopped
  }
}
