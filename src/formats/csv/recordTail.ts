/**
 * What is held of a record that began in an earlier chunk. To add a chunk copies that chunk, and
 * seldom what is there already: a long record in small chunks would be copied once for each.
 */
import { noBytes } from './marks.ts'

export class RecordTail {
  #room: Buffer = noBytes
  #size = 0

  get size(): number {
    return this.#size
  }

  /** A view. What is added later does not change it. */
  get bytes(): Buffer {
    return this.#room.subarray(0, this.#size)
  }

  add(bytes: Buffer): void {
    const size = this.#size + bytes.length
    if (size > this.#room.length) {
      const room = Buffer.allocUnsafeSlow(Math.max(size, 2 * this.#size))
      room.set(this.bytes)
      this.#room = room
    }
    this.#room.set(bytes, this.#size)
    this.#size = size
  }

  clear(): void {
    this.#room = noBytes
    this.#size = 0
  }
}
