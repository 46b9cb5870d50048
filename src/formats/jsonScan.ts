/**
 * One pass over the bytes of a file of objects: cuts between records, the keys of all of them, and
 * their types. What lies between records, and how they are counted, is the format's.
 */
import { cutBytes as usualCutBytes } from '../domain/plan.ts'
import type { FileShape } from '../domain/words.ts'
import { sluiceError } from '../errors.ts'
import { CutList } from './cutList.ts'
import { recordBytesMax, type Scan, type ScannedFile } from './format.ts'
import { JsonFields, type JsonReading } from './jsonFields.ts'
import type { Between, PlainCount } from './jsonPlain.ts'

/** Finds records in the bytes of a file, which come in chunks. */
export interface Finder {
  /** Where the data starts in the chunk, from there on; -1 when it is not in it. */
  open(chunk: Buffer, from: number): number
  /** After the last byte, where it did not. @throws what makes the file no file of this format */
  mustHaveOpened(): void
  /** Where the next record starts in the chunk, from there on; -1 when it is not in it. */
  start(chunk: Buffer, from: number): number
  /** Where the record that has started ends, from there on; -1 when that is not in the chunk. */
  end(chunk: Buffer, from: number): number
  /** Whether it is none, such as a blank line. */
  isBlank(bytes: Buffer, from: number, to: number): boolean
  /** Bytes behind a record that belong to it, like a newline. */
  readonly behind: number
  readonly between: Between
  /** What is wrong with the document at the record under way, whatever is within that; null for nothing. */
  readonly problem: string | null
  /**
   * After the last byte.
   * @returns what is wrong there, null for nothing
   * @throws what makes the file no file of this format
   */
  finish(isWithin: boolean): string | null
}

/** A document with more of them is no list: each of them would be kept in memory. */
const problemsMax = 1000

const noBytes = Buffer.alloc(0)

interface Head<R extends JsonReading> {
  reading: R
  start: { offset: number; lines: number }
}

export class JsonScan<R extends JsonReading> implements Scan {
  readonly #reading: R
  readonly #finder: Finder
  readonly #fields: JsonFields
  readonly #plain: PlainCount
  /** Its lines are lines, or elements. */
  readonly #list: CutList
  /** Bytes before the chunk at hand. */
  #passed = 0
  /** Where the record under way starts, or the last one has ended, and what of it came before. */
  #start: number
  #isWithin = false
  #isOpen = false
  #held: Buffer[] = []
  #heldBytes = 0
  readonly #file: string
  /** Lines in front of the data. */
  readonly #lines: number
  #problems = 0

  constructor(
    { reading, start }: Head<R>,
    { name, sizeBytes, cutBytes }: ScannedFile,
    finder: Finder,
  ) {
    this.#reading = reading
    this.#finder = finder
    this.#file = name
    this.#lines = start.lines
    this.#fields = new JsonFields(name, reading)
    this.#plain = this.#fields.plainCount(finder.between)
    this.#start = start.offset
    this.#list = new CutList(cutBytes ?? usualCutBytes(sizeBytes), 0)
  }

  push(chunk: Buffer): void {
    // What stands in front of the first record is in the first chunks.
    let at = Math.max(0, this.#isWithin ? 0 : this.#start - this.#passed)
    if (!this.#isOpen && at < chunk.length) at = this.#open(chunk, at)
    this.#plain.take(chunk)
    while (at < chunk.length) {
      if (!this.#isWithin) {
        at = this.#finder.start(chunk, at)
        if (at < 0) break
        this.#start = this.#passed + at
        const isSound = this.#finder.problem === null
        const count = !isSound ? 0 : this.#plain.count(at, this.#list.nextCut - this.#passed)
        if (count > 0) {
          at = this.#plain.end
          this.#start = this.#passed + at
          this.#list.passed(count, this.#start)
          this.#list.startRecord()
          continue
        }
        this.#isWithin = true
      }
      const end = this.#finder.end(chunk, at)
      if (end < 0) {
        this.#hold(chunk, at)
        break
      }
      this.#end(chunk, at, end)
      at = end + this.#finder.behind
    }
    this.#passed += chunk.length
    this.#plain.collect()
  }

  /** Looks for the start of the data. @returns where it is, or the end of the chunk */
  #open(chunk: Buffer, from: number): number {
    const at = this.#finder.open(chunk, from)
    if (at < 0) return chunk.length
    this.#isOpen = true
    this.#start = this.#passed + at
    this.#list.open({ offset: this.#start, lines: this.#lines })
    return at
  }

  shape(): FileShape {
    // Without a byte behind its start a file is open as well, such as one that is empty.
    if (!this.#isOpen) {
      this.#finder.mustHaveOpened()
      this.#open(noBytes, 0)
    }
    const isWithin = this.#isWithin && this.#passed > this.#start
    if (isWithin) this.#end(Buffer.alloc(0), 0, 0)
    const problem = this.#finder.finish(isWithin)
    if (problem !== null) this.#flaw(this.#passed, problem)
    this.#list.finish()
    const { cuts, flaws } = this.#list.found
    const { keys, header, width, sparse, types } = this.#fields.fields()
    const [flaw] = flaws
    // Without a column there is no unit that would tell of it.
    if (width === 0 && flaw?.problem !== undefined) throw this.#broken(flaw.problem)
    return {
      ...{ reading: { ...this.#reading, keys }, header, width, flaws },
      cuts: cuts.length > 1 ? cuts : [],
      ...(sparse && { sparse }),
      ...(this.#list.records > 0 && { types }),
    }
  }

  /** Keeps the rest of a chunk; a record that is too long is not kept. */
  #hold(chunk: Buffer, from: number): void {
    if (this.#passed + chunk.length - this.#start > recordBytesMax) this.#held = []
    // A copy: the chunk is another one soon.
    else this.#held.push(Buffer.from(chunk.subarray(from)))
    this.#heldBytes += chunk.length - from
  }

  /** The record under way has ended; what of it is in the chunk at hand lies from there to there. */
  #end(chunk: Buffer, from: number, to: number): void {
    const next = this.#passed + Math.min(to + this.#finder.behind, chunk.length)
    const { problem } = this.#finder
    if (this.#heldBytes + to - from > recordBytesMax) this.#list.flaw(this.#start, next)
    else if (problem !== null) this.#flaw(next, problem)
    else if (this.#heldBytes === 0) this.#record(chunk, [from, to], next)
    else {
      const record = Buffer.concat([...this.#held, chunk.subarray(from, to)])
      this.#record(record, [0, record.length], next)
    }
    this.#start = next
    this.#isWithin = false
    if (this.#heldBytes > 0) this.#held = []
    this.#heldBytes = 0
  }

  /** From the start of the record under way. @throws document_broken for too many of them */
  #flaw(end: number, problem: string): void {
    this.#problems++
    if (this.#problems > problemsMax) {
      const places = `commas are missing or too many in more than ${problemsMax} places`
      throw this.#broken(`${places}, at last ${problem}`)
    }
    this.#list.flaw(this.#start, end, problem)
  }

  #broken(problem: string): Error {
    return sluiceError('document_broken', { file: this.#file, problem })
  }

  #record(bytes: Buffer, [from, to]: [number, number], next: number): void {
    if (this.#finder.isBlank(bytes, from, to)) {
      this.#list.lineOfNone(next)
      return
    }
    this.#fields.add(bytes, from, to, this.#list.line)
    this.#list.recordOfLine(this.#start, next)
  }
}
