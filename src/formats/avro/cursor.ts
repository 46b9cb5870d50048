/** Reads the values of a block, one after the other: "Binary Encoding" of Avro 1.12. */

/** Why bytes are no Avro, as a phrase about the file. */
export class AvroFault extends Error {
  /** The same, with the place where it is. */
  at(place: string): AvroFault {
    return new AvroFault(`${place}: ${this.message}`, { cause: this })
  }
}

const none = Buffer.alloc(0)
/** What a number of so many bits is multiplied with to stand behind them. */
const bits28 = 2 ** 28
const int32 = 2 ** 31

export class Cursor {
  bytes: Buffer = none
  at = 0

  open(bytes: Buffer): void {
    this.bytes = bytes
    this.at = 0
  }

  get atEnd(): boolean {
    return this.at === this.bytes.length
  }

  /** Passes so many bytes. @returns where they start @throws AvroFault */
  take(size: number): number {
    const start = this.at
    if (size > this.bytes.length - start) throw new AvroFault('a value goes on behind its end')
    this.at = start + size
    return start
  }

  byte(): number {
    return this.bytes[this.take(1)] as number
  }

  int(): number {
    const value = this.long()
    if (typeof value === 'bigint' || value >= int32 || value < -int32) {
      throw new AvroFault('an int has more than 32 bits')
    }
    return value
  }

  /** How many bytes or elements there are. */
  size(): number {
    const value = this.long()
    if (typeof value === 'bigint' || value < 0) throw new AvroFault(`a length is ${value}`)
    return value
  }

  /** A bigint where it has more than 48 bits. */
  long(): number | bigint {
    const { bytes } = this
    let at = this.at
    let low = 0
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.#at(bytes, at++)
      low |= (byte & 127) << shift
      if (byte < 128) {
        this.at = at
        return (low >>> 1) ^ -(low & 1)
      }
    }
    let high = 0
    for (let shift = 0; shift < 21; shift += 7) {
      const byte = this.#at(bytes, at++)
      high |= (byte & 127) << shift
      if (byte < 128) {
        this.at = at
        const all = high * bits28 + low
        return low & 1 ? -(all + 1) / 2 : all / 2
      }
    }
    this.at = at
    return this.#wide(BigInt(high * bits28 + low))
  }

  /** @param low the first 49 bits */
  #wide(low: bigint): bigint {
    let all = low
    for (let shift = 49n; shift < 70n; shift += 7n) {
      const byte = this.#at(this.bytes, this.at++)
      // The tenth byte has the last of 64 bits.
      if (shift === 63n && byte > 1) break
      all |= BigInt(byte & 127) << shift
      if (byte < 128) return BigInt.asIntN(64, (all >> 1n) ^ -(all & 1n))
    }
    throw new AvroFault('a long has more than 64 bits')
  }

  #at(bytes: Buffer, at: number): number {
    if (at >= bytes.length) throw new AvroFault('a value goes on behind its end')
    return bytes[at] as number
  }
}
