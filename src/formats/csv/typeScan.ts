/**
 * What the values of a file are, field by field, over all of its records.
 *
 * Its parts are looked at one after the other, or by another thread where one is free; what was
 * found is put together in their order, so it is the same in either way.
 */
import type { FieldFacts } from '../../domain/types.ts'
import { ColumnTally } from '../columnTally.ts'
import type { Dialect } from './dialect.ts'
import { type Looking, type LookThreads, lookThreads } from './lookThreads.ts'
import { memory } from './loop.ts'
import { ValueKinds } from './valueKinds.ts'
import { ValueScan } from './valueScan.ts'

interface TypeScanOptions {
  /** How many fields a record has. */
  width: number
  /** About how many bytes the file has, if that is known. */
  sizeBytes?: number
  /** Those of the process if absent. */
  threads?: Threads | null
}

/** So many parts wait for one that a thread has: then it is too slow, or has ended. */
const waitingMax = 64

/** One part of the file, and whether what is known up to its end may decide that a column is text. */
interface Part {
  look: Look
  settles: boolean
}

type Threads = Pick<LookThreads, 'look' | 'receive'>
type Look = Pick<Looking, 'looked'> & Partial<Pick<Looking, 'lookHere'>>

let scans = 0

export class TypeScan {
  /** Tells the threads one scan from another. */
  readonly #number = scans++
  readonly #dialect: Dialect
  readonly #own: ValueScan
  readonly #columns: ColumnTally[]
  readonly #sizeBytes: number
  readonly #threads: Threads | null
  /** Those that were not added yet, from one that is not known on. */
  readonly #parts: Part[] = []
  /** The last records so far: they are held back, since a footer is not data. */
  readonly #last: { record: Buffer; line: number }[] = []
  #records = 0
  #bytes = 0

  constructor(dialect: Dialect, options: TypeScanOptions) {
    const { width, sizeBytes = Number.POSITIVE_INFINITY } = options
    const { threads = lookThreads(sizeBytes) } = options
    this.#dialect = dialect
    this.#own = new ValueScan(dialect, width)
    this.#columns = Array.from({ length: width }, () => new ColumnTally())
    this.#sizeBytes = sizeBytes
    // What such a word is may hang on what the same thread has seen before.
    this.#threads = new ValueKinds(dialect).hasTypedWords ? null : threads
  }

  /** What all records so far say of each field. */
  facts(): FieldFacts[] {
    this.#add({ looked: this.#own.take() }, false)
    this.#merge(0)
    return this.#columns.map((column) => column.facts())
  }

  /**
   * Plain records in the window of the loops: each is one line, and nothing lies between them.
   * @param line of the first of them
   */
  plain(from: number, to: number, line: number): void {
    if (this.#share(from, to, line)) return
    this.#own.plain(from, to, line)
    this.#add({ looked: this.#own.take() }, true)
  }

  /** One record without its line end. */
  record(record: Buffer, line: number): void {
    const footer = this.#dialect.skipFooter ?? 0
    if (footer === 0) this.#own.record(record, line)
    else this.#last.push({ record: Buffer.from(record), line })
    const first = this.#last.length > footer && this.#last.shift()
    if (first) this.#own.record(first.record, first.line)
  }

  /** @returns false when no thread takes it */
  #share(from: number, to: number, line: number): boolean {
    if (!this.#threads) return false
    const left = [...this.#columns.keys()].filter((index) => this.#columns[index]?.isText)
    const order = {
      scan: this.#number,
      dialect: this.#dialect,
      width: this.#columns.length,
      left,
      line,
    }
    const looking = this.#threads.look(order, memory.bytes.subarray(from, to))
    if (!looking) return false
    this.#add({ looked: this.#own.take() }, false)
    this.#add(looking, true)
    return true
  }

  #add(look: Look, settles: boolean): void {
    this.#parts.push({ look, settles })
    this.#merge(waitingMax)
  }

  /** @param most how many parts may wait behind one that is not known yet */
  #merge(most: number): void {
    this.#threads?.receive()
    for (let part = this.#parts[0]; part; part = this.#parts[0]) {
      const { look, settles } = part
      const looked = look.looked ?? (this.#parts.length > most ? look.lookHere?.() : null)
      if (!looked) return
      this.#parts.shift()
      this.#records += looked.records
      this.#bytes += looked.bytes
      for (const [index, found] of looked.fields.entries()) this.#columns[index]?.add(found)
      if (settles) this.#settle()
    }
  }

  #settle(): void {
    const records = (this.#sizeBytes / Math.max(1, this.#bytes)) * this.#records
    for (const [index, column] of this.#columns.entries()) {
      column.settle(records)
      if (column.isText) this.#own.leave(index)
    }
  }
}
