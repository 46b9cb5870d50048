/**
 * The loops over records of objects in WebAssembly: see jsonSimd. All callers in a process share one
 * instance and its memory: what a call leaves there is valid until the next call.
 */
import { jsonWasm } from './jsonWasm.ts'

interface Out {
  value: number
}

/** What jsonSimd/main.ts exports: functions, what they have found, and addresses. */
interface Loop {
  memory: { buffer: ArrayBuffer; grow(pages: number): number }
  between(newline: number, hasCommas: number): void
  forgetKeys(): void
  roomFor(sizeBytes: number): number
  addKey(sizeBytes: number): void
  clearCounts(): void
  count(from: number, to: number, stopAt: number): void
  counted: Out
  countedTo: Out
  write(from: number, to: number, width: number): void
  written: Out
  writtenTo: Out
  writtenBytes: Out
  readonly out: Out
  readonly ways: Out
  readonly seen: Out
  readonly counts: Out
  readonly countBytes: Out
  readonly records: Out
  readonly keyTexts: Out
  readonly keyTextBytes: Out
}

/** Its types come with those of browsers only. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object
  Instance: new (module: object) => { exports: unknown }
}

const pageBytes = 1 << 16
export const windowBytes = 1 << 20

const module = new WebAssembly.Module(Buffer.from(jsonWasm, 'base64'))
export const loop = new WebAssembly.Instance(module).exports as Loop

const wanted = loop.keyTexts.value + loop.keyTextBytes.value
loop.memory.grow(Math.ceil((wanted - loop.memory.buffer.byteLength) / pageBytes) + 1)

/** Its bytes, and the same as numbers of 32 bits. */
export const memory = {
  bytes: Buffer.from(loop.memory.buffer),
  numbers: new Int32Array(loop.memory.buffer),
}
