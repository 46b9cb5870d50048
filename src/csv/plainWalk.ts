/**
 * Over the records of one line, as nearly all are: the fast part of the scan, several GB/s.
 *
 * The loop is WebAssembly, which has SIMD and JavaScript has not (simd/walk.ts). It sees a window
 * of the bytes, copied into its memory, which all walks of the process share.
 */
import { noBytes } from './marks.ts'
import { walkWasm } from './walkWasm.ts'

export interface WalkLimits {
  /** -1 when nothing is quoted. */
  quote: number
  newline: number
  /** What a line that is no record starts with; -1 for nothing. */
  comment: number
  /** A record of this many bytes is not plain. */
  sizeMax: number
}

/** What simd/walk.ts exports: positions in the window, and what it does. */
interface Loop {
  memory: { buffer: ArrayBuffer; grow(pages: number): number }
  index: { value: number }
  start: { value: number }
  inQuotes: { value: number }
  records: { value: number }
  limit(newline: number, quote: number, comment: number, sizeMax: number): void
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

/** Walks until the first newline that does not end a plain record. */
export class PlainWalk {
  /** The first byte that is not walked over. */
  index = 0
  /** Where the record under way starts. */
  start = 0
  inQuotes = false
  /** How many records ended. */
  records = 0

  readonly #limits: WalkLimits
  #bytes: Buffer = noBytes
  /** The bytes that lie in the window. */
  #windowStart = 0
  #windowEnd = 0

  constructor(limits: WalkLimits) {
    this.#limits = limits
  }

  /** Must be called before the first walk over these bytes, and after other walks in between. */
  take(bytes: Buffer): void {
    this.#bytes = bytes
    this.#windowStart = 0
    this.#windowEnd = 0
  }

  /** @param stopAt a record that ends here or later is left to the careful walk: a cut is due */
  walk(stopAt: number): void {
    const { quote, newline, comment, sizeMax } = this.#limits
    const bytes = this.#bytes
    this.records = 0
    loop.limit(newline, quote, comment, Math.min(sizeMax, int32Max))
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
    loop.inQuotes.value = Number(this.inQuotes)
    loop.records.value = 0
    const stopped = loop.walk(0, this.#windowEnd - base, Math.min(stopAt - base, int32Max)) !== 0
    this.index = base + loop.index.value
    this.start = base + loop.start.value
    this.inQuotes = loop.inQuotes.value !== 0
    this.records += loop.records.value
    return stopped
  }
}
