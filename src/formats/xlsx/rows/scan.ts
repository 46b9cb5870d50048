/** What staging learns of a sheet: where its records end, and what its cells are. */
import { cutBytes } from '../../../domain/plan.ts'
import type { FileShape } from '../../../domain/words.ts'
import type { Note } from '../../../errors/notes.ts'
import { CutList } from '../../cutList.ts'
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
  text: string
  line: number
}

export class RowsScan implements Scan {
  readonly #head: Omit<Head<RowsReading>, 'notes'>
  readonly #told: ScanOptions['told']
  readonly #kinds: CellKinds
  readonly #list: CutList
  readonly #notes: Note[] = []
  /** The last records, as many as the footer has. */
  readonly #waiting: Waiting[] = []
  /** Parts of the line under way, up to the longest record. */
  #line: Buffer[] = []
  #size = 0
  #start: number
  /** Bytes in front of the data that are still to come. */
  #skip: number

  constructor(head: Omit<Head<RowsReading>, 'notes'>, { told, ...file }: ScanOptions) {
    const { offset } = head.start
    this.#head = head
    this.#told = told
    this.#kinds = new CellKinds(head.width)
    const footer = head.reading.skipFooter ?? 0
    this.#list = new CutList(file.cutBytes ?? cutBytes(file.sizeBytes), footer)
    this.#list.open(head.start)
    this.#start = offset
    this.#skip = offset
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
    this.#list.finish()
    const { cuts, flaws } = this.#list.found
    const { reading, header, width } = this.#head
    const shape = { reading, header, width, cuts: cuts.length > 1 ? cuts : [], flaws }
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
    if (end - this.#start > recordBytesMax) this.#list.flaw(this.#start, end)
    else this.#take(bytes.subarray(0, endOf(bytes, 0, bytes.length)), end)
    this.#start = end
  }

  #take(bytes: Buffer, end: number): void {
    if (bytes[0] === openBrace) this.#notes.push(...this.#told(bytes.toString()))
    if (!isRecord(bytes, 0, bytes.length)) {
      this.#list.lineOfNone(end)
      return
    }
    this.#waiting.push({ text: bytes.toString(), line: this.#list.line })
    this.#list.recordOfLine(this.#start, end)
    const footer = this.#head.reading.skipFooter ?? 0
    const first = this.#waiting.length > footer ? this.#waiting.shift() : undefined
    if (first) this.#look(first)
  }

  #look({ text, line }: Waiting): void {
    const cells = cellsOf(text)
    const { from = 0 } = this.#head.reading
    if (!('problem' in cells)) this.#kinds.add(from > 0 ? cells.slice(from) : cells, line)
  }
}
