/** What staging learns of a sheet: where its records end, and what its cells are. */
import { cutBytes } from '../../../domain/plan.ts'
import type { Cut, FileShape, Flaw } from '../../../domain/words.ts'
import type { Note } from '../../../errors/notes.ts'
import { type Head, recordBytesMax, type Scan } from '../../format.ts'
import { cellsOf } from './cells.ts'
import { CellKinds } from './kinds.ts'
import { endOf, isRecord, openBrace } from './lines.ts'
import type { RowsReading } from './reading.ts'

const LF = 10

interface ScanOptions {
  sizeBytes: number
  cutBytes?: number
  /** What the lines that are no records tell: notes, told with the file. */
  told: (json: string) => Note[]
}

/** A record that may belong to the footer. */
interface Waiting {
  line: string
  number: number
  before: Cut
}

export class RowsScan implements Scan {
  readonly #head: Omit<Head<RowsReading>, 'notes'>
  readonly #told: ScanOptions['told']
  readonly #kinds: CellKinds
  readonly #cutBytes: number
  readonly #cuts: Cut[]
  readonly #flaws: Flaw[] = []
  readonly #notes: Note[] = []
  /** The last records, as many as the footer has. */
  readonly #waiting: Waiting[] = []
  /** Parts of the line under way, up to the longest record. */
  #line: Buffer[] = []
  #size = 0
  #start: number
  #lines: number
  #records = 0
  /** Bytes in front of the data that are still to come. */
  #skip: number

  constructor(head: Omit<Head<RowsReading>, 'notes'>, { told, ...file }: ScanOptions) {
    const { offset, lines } = head.start
    this.#head = head
    this.#told = told
    this.#kinds = new CellKinds(head.width)
    this.#cutBytes = file.cutBytes ?? cutBytes(file.sizeBytes)
    this.#cuts = [{ offset, lines, records: 0, broken: 0 }]
    this.#start = offset
    this.#lines = lines
    this.#skip = offset
    this.#size = 0
  }

  push(chunk: Buffer): void {
    const from = Math.min(this.#skip, chunk.length)
    this.#skip -= from
    let start = from
    for (let at = chunk.indexOf(LF, from); at >= 0; at = chunk.indexOf(LF, start)) {
      this.#add(chunk.subarray(start, at + 1))
      this.#endLine(this.#size + at + 1)
      start = at + 1
    }
    this.#size += chunk.length
    // The chunk is another one soon.
    if (start < chunk.length) this.#add(Buffer.from(chunk.subarray(start)))
  }

  shape(): FileShape {
    if (this.#size > this.#start) this.#endLine(this.#size)
    const footer = this.#waiting[0]?.before
    if (footer) this.#endAt(footer)
    else this.#cut()
    const { reading, header, width } = this.#head
    const cuts = this.#cuts.length > 1 ? this.#cuts : []
    const shape = { reading, header, width, cuts, flaws: this.#flaws }
    const notes = this.#notes.length > 0 && { notes: this.#notes }
    return { ...shape, ...notes, ...(width > 0 && { types: this.#kinds.facts() }) }
  }

  #add(bytes: Buffer): void {
    // One byte more shows that the record is too long.
    const held = this.#line.reduce((sum, { length }) => sum + length, 0)
    if (held <= recordBytesMax) this.#line.push(bytes)
  }

  #endLine(end: number): void {
    const bytes = this.#line.length === 1 ? (this.#line[0] as Buffer) : Buffer.concat(this.#line)
    this.#line = []
    const before = this.#here()
    const isLong = end - this.#start > recordBytesMax
    if (isLong) {
      this.#cut()
      this.#flaws.push({ start: this.#start, end, line: this.#lines + 1 })
    } else this.#take(bytes.subarray(0, endOf(bytes, 0, bytes.length)), before)
    this.#lines++
    this.#start = end
    if (isLong || end - (this.#cuts.at(-1) as Cut).offset >= this.#cutBytes) this.#cut()
  }

  #take(bytes: Buffer, before: Cut): void {
    if (bytes[0] === openBrace) this.#notes.push(...this.#told(bytes.toString()))
    if (!isRecord(bytes, 0, bytes.length)) return
    const line = bytes.toString()
    this.#records++
    const footer = this.#head.reading.skipFooter ?? 0
    this.#waiting.push({ line, number: this.#lines + 1, before })
    const first = this.#waiting.length > footer ? this.#waiting.shift() : undefined
    if (first) this.#look(first)
  }

  #look({ line, number }: Waiting): void {
    const cells = cellsOf(line)
    const { from = 0 } = this.#head.reading
    if (!('problem' in cells)) this.#kinds.add(from > 0 ? cells.slice(from) : cells, number)
  }

  #here(): Cut {
    return { offset: this.#start, lines: this.#lines, records: this.#records, broken: 0 }
  }

  #cut(): void {
    const here = this.#here()
    if (here.offset > (this.#cuts.at(-1) as Cut).offset) this.#cuts.push(here)
  }

  /** The footer begins there: nothing behind it is data. */
  #endAt(footer: Cut): void {
    while (this.#cuts.length > 1 && (this.#cuts.at(-1) as Cut).offset >= footer.offset) {
      this.#cuts.pop()
    }
    if (footer.offset > (this.#cuts.at(-1) as Cut).offset) this.#cuts.push(footer)
    const flaws = this.#flaws.splice(0)
    this.#flaws.push(...flaws.filter(({ start }) => start < footer.offset))
  }
}
