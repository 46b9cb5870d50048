/**
 * One pass over the bytes of a file of objects: cuts between records, the keys of all of them, and
 * their types. What lies between records, and how they are counted, is the format's.
 */
import { cutBytes as usualCutBytes } from '../domain/plan.ts'
import type { Cut, FileShape, Flaw } from '../domain/words.ts'
import { recordBytesMax, type Scan, type ScannedFile } from './format.ts'
import { JsonFields, type JsonReading } from './jsonFields.ts'

/** Finds records in the bytes of a file, which come in chunks. */
export interface Finder {
  /** Where the next record starts in the chunk, from there on; -1 when it is not in it. */
  start(chunk: Buffer, from: number): number
  /** Where the record that has started ends, from there on; -1 when that is not in the chunk. */
  end(chunk: Buffer, from: number): number
  /** Whether it is none, such as a blank line. */
  isBlank(bytes: Buffer, from: number, to: number): boolean
  /** Bytes behind a record that belong to it, like a newline. */
  readonly behind: number
  /** After the last byte. @throws what makes the file no file of this format */
  finish(isWithin: boolean, records: number): void
}

interface Head<R extends JsonReading> {
  reading: R
  start: { offset: number; lines: number }
}

export class JsonScan<R extends JsonReading> implements Scan {
  readonly #reading: R
  readonly #finder: Finder
  readonly #cutBytes: number
  readonly #fields: JsonFields
  readonly #cuts: Cut[]
  readonly #flaws: Flaw[] = []
  /** Bytes before the chunk at hand. */
  #passed = 0
  /** Where the record under way starts, or the last one has ended, and what of it came before. */
  #start: number
  #isWithin = false
  #held: Buffer[] = []
  #heldBytes = 0
  /** Lines, or elements, and those of them that are records. */
  #count: number
  #records = 0

  constructor(
    { reading, start: { offset, lines } }: Head<R>,
    { name, sizeBytes, cutBytes }: ScannedFile,
    finder: Finder,
  ) {
    this.#reading = reading
    this.#finder = finder
    this.#cutBytes = cutBytes ?? usualCutBytes(sizeBytes)
    this.#fields = new JsonFields(name, reading)
    this.#start = offset
    this.#count = lines
    this.#cuts = [{ offset, lines, records: 0, broken: 0 }]
  }

  push(chunk: Buffer): void {
    // What stands in front of the first record is in the first chunks.
    let at = Math.max(0, this.#isWithin ? 0 : this.#start - this.#passed)
    while (at < chunk.length) {
      if (!this.#isWithin) {
        at = this.#finder.start(chunk, at)
        if (at < 0) break
        this.#start = this.#passed + at
        this.#isWithin = true
      }
      const end = this.#finder.end(chunk, at)
      if (end < 0) {
        this.#hold(chunk, at)
        break
      }
      const behind = end + this.#finder.behind
      this.#end(chunk, at, end)
      this.#begin(this.#passed + behind)
      at = behind
    }
    this.#passed += chunk.length
  }

  shape(): FileShape {
    const isWithin = this.#isWithin && this.#passed > this.#start
    if (isWithin) {
      this.#end(Buffer.alloc(0), 0, 0)
      this.#begin(this.#passed)
    }
    this.#finder.finish(isWithin, this.#records)
    this.#cut()
    const { keys, header, width, sparse, types } = this.#fields.fields()
    const cuts = this.#cuts.length > 1 ? this.#cuts : []
    return {
      ...{ reading: { ...this.#reading, keys }, header, width, cuts, flaws: this.#flaws },
      ...(sparse && { sparse }),
      ...(this.#records > 0 && { types }),
    }
  }

  /** Keeps the rest of a chunk; a record that is too long is not kept. */
  #hold(chunk: Buffer, from: number): void {
    if (this.#passed + chunk.length - this.#start > recordBytesMax) this.#held = []
    // A copy: the chunk is another one soon.
    else this.#held.push(Buffer.from(chunk.subarray(from)))
    this.#heldBytes += chunk.length - from
  }

  #end(chunk: Buffer, from: number, to: number): void {
    const sizeBytes = this.#heldBytes + to - from
    this.#count++
    if (sizeBytes > recordBytesMax) {
      const { behind } = this.#finder
      const end = Math.min(this.#start + sizeBytes + behind, this.#passed + chunk.length)
      this.#cutAt(this.#start, this.#count - 1)
      this.#flaws.push({ start: this.#start, end, line: this.#count })
      this.#cutAt(end, this.#count)
    } else if (this.#heldBytes === 0) this.#record(chunk, from, to)
    else {
      const record = Buffer.concat([...this.#held, chunk.subarray(from, to)])
      this.#record(record, 0, record.length)
    }
  }

  #record(bytes: Buffer, from: number, to: number): void {
    if (this.#finder.isBlank(bytes, from, to)) return
    this.#records++
    this.#fields.add(bytes, from, to, this.#count)
  }

  /** The record has ended. */
  #begin(next: number): void {
    this.#start = next
    this.#isWithin = false
    if (this.#heldBytes > 0) this.#held = []
    this.#heldBytes = 0
    if (next - (this.#cuts.at(-1) as Cut).offset >= this.#cutBytes) this.#cut()
  }

  #cut(): void {
    this.#cutAt(this.#start, this.#count)
  }

  #cutAt(offset: number, lines: number): void {
    if (offset <= (this.#cuts.at(-1) as Cut).offset) return
    this.#cuts.push({ offset, lines, records: this.#records, broken: 0 })
  }
}
