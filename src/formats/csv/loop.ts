/**
 * The loops in WebAssembly, which has SIMD and JavaScript has not: see simd. All callers in a
 * process share one instance and its memory: what a call leaves there is valid until the next call.
 */
import { walkWasm } from './walkWasm.ts'

interface Out {
  value: number
}

/** What simd/walk.ts and simd/fields.ts export: positions in the window, and what they do. */
interface Loop {
  memory: { buffer: ArrayBuffer; grow(pages: number): number }
  index: Out
  start: Out
  inQuotes: Out
  records: Out
  carry: Out
  firstEnd: Out
  limit(...numbers: number[]): void
  walk(base: number, size: number, stopAt: number): number
  marks(delimiter: number, newline: number, quote: number, width: number): void
  terms(point: number, order: number, isEmptyNull: number): void
  words(longest: number, isForeignAbove: number): void
  splitTo: Out
  isApart: Out
  split(from: number, to: number): number
  fieldStart: Out
  fieldEnd: Out
  recordStart: Out
  begin(): void
  expect(pattern: number, seen: number, knownCount: number): void
  column(index: number, from: number, records: number): number
  json(at: number, size: number, doubled: number): number
}

/** Its types come with those of browsers only. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object
  Instance: new (module: object) => { exports: unknown }
}

const pageBytes = 1 << 16
export const windowBytes = 1 << 20
/** As simd/layout.ts has them. */
export const places = {
  positions: windowBytes + pageBytes,
  counts: windowBytes + 2 * pageBytes,
  known: windowBytes + 2 * pageBytes + 128,
  classes: windowBytes + 2 * pageBytes + 128 + 512,
  /** For a value that does not lie in the window. */
  scratch: windowBytes + 3 * pageBytes,
}

const module = new WebAssembly.Module(Buffer.from(walkWasm, 'base64'))
export const loop = new WebAssembly.Instance(module).exports as Loop

/** Its bytes, and the same as numbers of 32 bits. */
export const memory = { bytes: Buffer.alloc(0), numbers: new Int32Array(0) }

/** Makes so many bytes of the memory usable, at least. */
export function reserve(sizeBytes: number): void {
  const missing = sizeBytes - memory.bytes.length
  if (missing <= 0) return
  loop.memory.grow(Math.ceil(missing / pageBytes))
  memory.bytes = Buffer.from(loop.memory.buffer)
  memory.numbers = new Int32Array(loop.memory.buffer)
}
reserve(places.scratch + pageBytes)
