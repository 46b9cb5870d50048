/**
 * The loop that writes rows of COPY BINARY, in WebAssembly: see simd/rows.ts. All callers in a process
 * share one instance and its memory: what a call leaves there is valid until the next call.
 */
import { rowsWasm } from './rowsWasm.ts'

interface Out {
  readonly value: number
}

interface Loop {
  memory: { buffer: ArrayBuffer; grow(pages: number): number }
  marks(delimiter: number, newline: number, quote: number, width: number): void
  split(from: number, to: number): number
  splitTo: Out
  isApart: Out
  terms(point: number, order: number): void
  nulls(sizeBytes: number): void
  rows(records: number): number
  window: Out
  windowBytes: Out
  types: Out
  nullText: Out
  out: Out
  pages: Out
}

/** Its types come with those of browsers only. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object
  Instance: new (module: object) => { exports: unknown }
}

const pageBytes = 1 << 16

export interface RowsLoop {
  loop: Loop
  memory: Buffer
}

let made: RowsLoop | null = null

/** Not every process has a use for it. */
export function rowsLoop(): RowsLoop {
  if (made) return made
  const module = new WebAssembly.Module(Buffer.from(rowsWasm, 'base64'))
  const loop = new WebAssembly.Instance(module).exports as Loop
  loop.memory.grow(loop.pages.value - loop.memory.buffer.byteLength / pageBytes)
  made = { loop, memory: Buffer.from(loop.memory.buffer) }
  return made
}
