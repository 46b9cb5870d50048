/**
 * The shared strings of a workbook, as JSON texts. A few lie in memory; more of them go to a
 * temporary file, which is deleted while it is open and so ends with this process.
 */

import { randomUUID } from 'node:crypto'
import { closeSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { WorkbookFault } from './fault.ts'

const memoryBytes = 16 << 20
const blockBytes = 64 << 10
const blocksMax = 64
/** Their offsets lie in memory: 8 bytes each. */
const stringsMax = 1 << 23

export class Strings {
  readonly #memoryBytes: number
  #offsets = new Float64Array(1024)
  #count = 0
  /** Those behind the ones in the file: each text lies wholly in one of both. */
  #held: Buffer = Buffer.allocUnsafe(blockBytes)
  #heldBytes = 0
  #filedBytes = 0
  #fd: number | null = null
  readonly #blocks = new Map<number, Buffer>()

  constructor(limit = memoryBytes) {
    this.#memoryBytes = limit
  }

  get count(): number {
    return this.#count
  }

  add(json: string): void {
    if (this.#count >= stringsMax)
      throw new WorkbookFault(`it has more than ${stringsMax} shared texts`)
    const size = Buffer.byteLength(json)
    if (this.#heldBytes + size > this.#memoryBytes) this.#spill()
    this.#reserve(size)
    this.#heldBytes += this.#held.write(json, this.#heldBytes)
    if (this.#count + 1 >= this.#offsets.length) {
      const more = new Float64Array(this.#offsets.length * 2)
      more.set(this.#offsets)
      this.#offsets = more
    }
    this.#offsets[++this.#count] = this.#filedBytes + this.#heldBytes
  }

  /** @returns null where there is none of this number */
  at(index: number): string | null {
    if (!(index >= 0 && index < this.#count)) return null
    const start = this.#offsets[index] as number
    const end = this.#offsets[index + 1] as number
    if (start >= this.#filedBytes) {
      return this.#held.toString('utf8', start - this.#filedBytes, end - this.#filedBytes)
    }
    const block = Math.floor(start / blockBytes)
    if (Math.floor((end - 1) / blockBytes) === block) {
      const from = start - block * blockBytes
      return this.#blockAt(block).toString('utf8', from, from + end - start)
    }
    const bytes = Buffer.allocUnsafe(end - start)
    this.#read(bytes, start)
    return bytes.toString('utf8')
  }

  close(): void {
    if (this.#fd !== null) closeSync(this.#fd)
    this.#fd = null
  }

  #reserve(size: number): void {
    const wanted = this.#heldBytes + size
    if (wanted <= this.#held.length) return
    const more = Buffer.allocUnsafe(Math.max(wanted, this.#held.length * 2))
    this.#held.copy(more, 0, 0, this.#heldBytes)
    this.#held = more
  }

  #spill(): void {
    this.#fd ??= openDeleted()
    for (let at = 0; at < this.#heldBytes; ) {
      const position = this.#filedBytes + at
      at += writeSync(this.#fd, this.#held, at, this.#heldBytes - at, position)
    }
    this.#filedBytes += this.#heldBytes
    this.#heldBytes = 0
    this.#blocks.clear()
  }

  #blockAt(number: number): Buffer {
    const known = this.#blocks.get(number)
    if (known) return known
    const start = number * blockBytes
    const bytes = Buffer.allocUnsafe(Math.min(blockBytes, this.#filedBytes - start))
    this.#read(bytes, start)
    if (this.#blocks.size >= blocksMax) {
      const [oldest] = this.#blocks.keys()
      this.#blocks.delete(oldest as number)
    }
    this.#blocks.set(number, bytes)
    return bytes
  }

  #read(bytes: Buffer, start: number): void {
    for (let at = 0; at < bytes.length; ) {
      const count = readSync(this.#fd as number, bytes, at, bytes.length - at, start + at)
      if (count === 0) throw new WorkbookFault('the temporary file of its texts was cut')
      at += count
    }
  }
}

function openDeleted(): number {
  const path = join(tmpdir(), `sluice-strings-${randomUUID()}`)
  const fd = openSync(path, 'wx+', 0o600)
  unlinkSync(path)
  return fd
}
