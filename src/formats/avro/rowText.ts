/**
 * Rows as COPY text, written byte by byte: no value becomes an object on its way.
 *
 * A row that is longer than a record may be is cut behind that, for it is a reject by its length. Its
 * values are read on nevertheless: only they say where the next row begins.
 */
import { recordBytesMax } from '../format.ts'
import { AvroFault } from './cursor.ts'

/** So much text is handed on at once. */
const chunkBytes = 256 * 1024
/** So much may a single value take that is not looked at for room in between. */
const pieceBytes = 64 * 1024
/** So much of a row may be cut, and more where its block is large: nothing at all could be text without end. */
const cutBytesMax = 4 * recordBytesMax
/** How many bytes of text a byte of a value comes to, its names aside. */
const textPerByte = 8

const TAB = 9
const LF = 10
const QUOTE = 34
const BACKSLASH = 92

/** What stands behind the backslash for a byte that COPY text gives a meaning to; else 0. */
const letters = new Uint8Array(128)
for (const pair of ['\tt', '\nn', '\rr', '\\\\']) letters[pair.charCodeAt(0)] = pair.charCodeAt(1)

export class RowText {
  #out = Buffer.allocUnsafe(2 * chunkBytes)
  #at = 0
  #rowStart = 0
  /** What was cut of the row under way. */
  #cut = 0
  #cutMax = cutBytesMax

  /** The rows of a block of so many bytes come next. */
  open(blockBytes: number): void {
    this.#cutMax = cutBytesMax + textPerByte * blockBytes
  }

  /** Enough for a chunk is there. */
  get isFull(): boolean {
    return this.#at >= chunkBytes
  }

  /** All rows that were written since. They are the caller's. */
  taken(): Buffer {
    const taken = this.#out.subarray(0, this.#at)
    this.#out = Buffer.allocUnsafe(2 * chunkBytes)
    this.#at = 0
    this.#rowStart = 0
    return taken
  }

  field(): void {
    this.byte(TAB)
  }

  endRow(): void {
    this.byte(LF)
    this.#rowStart = this.#at
    this.#cut = 0
  }

  byte(byte: number): void {
    this.#room(1)
    this.#out[this.#at++] = byte
  }

  /** A text of ASCII that has no meaning for COPY. */
  ascii(text: string): void {
    this.#room(text.length)
    const out = this.#out
    let at = this.#at
    for (let index = 0; index < text.length; index++) out[at++] = text.charCodeAt(index)
    this.#at = at
  }

  /** Bytes that are COPY text already. */
  copy(bytes: Buffer): void {
    this.#room(bytes.length)
    this.#at += bytes.copy(this.#out, this.#at)
  }

  whole(value: number | bigint): void {
    if (typeof value === 'number' && value >= 0 && value < 0x7fffffff) this.#digits(value)
    else this.ascii(String(value))
  }

  /** A number with zeros in front, so that it has so many digits. */
  padded(value: number, digits: number): void {
    this.ascii(String(value).padStart(digits, '0'))
  }

  #digits(value: number): void {
    this.#room(10)
    let size = 1
    for (let power = 10; power <= value; power *= 10) size++
    let rest = value
    for (let at = this.#at + size - 1; at >= this.#at; at--) {
      const tenth = (rest / 10) | 0
      this.#out[at] = 48 + rest - tenth * 10
      rest = tenth
    }
    this.#at += size
  }

  /** Bytes in hexadecimal. */
  hex(bytes: Buffer, from: number, to: number): void {
    for (let start = from; start < to; start += pieceBytes) {
      const end = Math.min(to, start + pieceBytes)
      this.ascii(bytes.toString('hex', start, end))
    }
  }

  /** A text as it is. */
  text(bytes: Buffer, from: number, to: number): void {
    for (let start = from; start < to; start += pieceBytes) {
      const end = Math.min(to, start + pieceBytes)
      this.#room(2 * (end - start))
      const out = this.#out
      let at = this.#at
      for (let index = start; index < end; index++) {
        const byte = bytes[index] as number
        const letter = byte < 128 ? (letters[byte] as number) : 0
        if (letter > 0) {
          out[at++] = BACKSLASH
          out[at++] = letter
        } else out[at++] = byte
      }
      this.#at = at
    }
  }

  /**
   * A text as JSON. A NUL is left as it is, so that its record is the same reject as anywhere: a
   * jsonb cannot have it either.
   */
  json(bytes: Buffer, from: number, to: number): void {
    this.byte(QUOTE)
    for (let start = from; start < to; start += pieceBytes) {
      const end = Math.min(to, start + pieceBytes)
      this.#room(7 * (end - start))
      const out = this.#out
      let at = this.#at
      for (let index = start; index < end; index++) {
        const byte = bytes[index] as number
        if (byte > BACKSLASH || (byte >= 32 && byte !== QUOTE && byte !== BACKSLASH)) {
          out[at++] = byte
        } else if (byte === 0) out[at++] = 0
        else {
          const escape = escapes[byte] as Buffer
          at += escape.copy(out, at)
        }
      }
      this.#at = at
    }
    this.byte(QUOTE)
  }

  #room(bytes: number): void {
    if (this.#at + bytes <= this.#out.length) return
    const row = this.#at - this.#rowStart
    const excess = row - recordBytesMax - 1
    if (excess > 0) {
      this.#cut += excess
      this.#at -= excess
      if (this.#cut > this.#cutMax) throw new AvroFault('a row has more text than is read')
      if (this.#at + bytes <= this.#out.length) return
    }
    const wanted = Math.max(this.#at + bytes, Math.min(2 * this.#at, this.#at + recordBytesMax))
    const larger = Buffer.allocUnsafe(wanted)
    this.#out.copy(larger, 0, 0, this.#at)
    this.#out = larger
  }
}

/** A text as JSON within COPY text, its quotes included. */
export const jsonText = (text: string): Buffer =>
  Buffer.from(JSON.stringify(text).replaceAll('\\', '\\\\'))

/** Bytes below a backslash as JSON has them within a text, and that as COPY text. */
const escapes = Array.from({ length: BACKSLASH + 1 }, (_, byte) =>
  jsonText(String.fromCharCode(byte)).subarray(1, -1),
)
