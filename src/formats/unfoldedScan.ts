/** Finds the cuts of an unfolded file: each line is a row. */
import { cutBytes as cutBytesFor } from '../domain/plan.ts'
import type { Cut, FileShape, Flaw } from '../domain/words.ts'
import { type Head, recordBytesMax, type Scan } from './format.ts'
import type { UnfoldedReading } from './unfoldedText.ts'

const newline = 10

type Start = Omit<Head<UnfoldedReading>, 'notes'>

export class UnfoldedScan implements Scan {
  readonly #head: Start
  readonly #cutBytes: number
  readonly #cuts: Cut[]
  readonly #flaws: Flaw[] = []
  #sizeBytes = 0
  /** Where the row under way starts, and how many lie before it. */
  #start: number
  #lines = 0
  #records = 0

  constructor(
    head: Start,
    { sizeBytes, cutBytes = cutBytesFor(sizeBytes) }: { sizeBytes: number; cutBytes?: number },
  ) {
    this.#head = head
    this.#cutBytes = cutBytes
    this.#start = head.start.offset
    this.#cuts = [{ offset: this.#start, lines: 0, records: 0, broken: 0 }]
  }

  push(chunk: Buffer): void {
    const inHead = Math.max(0, this.#head.start.offset - this.#sizeBytes)
    for (let at = chunk.indexOf(newline, inHead); at >= 0; at = chunk.indexOf(newline, at + 1)) {
      if (at >= inHead) this.#row(this.#sizeBytes + at + 1)
    }
    this.#sizeBytes += chunk.length
  }

  shape(): FileShape {
    if (this.#sizeBytes > this.#start) this.#row(this.#sizeBytes)
    this.#cut()
    const { reading, header, width } = this.#head
    const cuts = this.#cuts.length > 1 ? this.#cuts : []
    const types = reading.types?.map((declared) => ({ tallies: [], declared }))
    const known = { header, width: header ? width : 0, ...(types && { types }) }
    return { reading, ...known, cuts, flaws: this.#flaws }
  }

  #row(end: number): void {
    const isLong = end - this.#start > recordBytesMax
    if (isLong) {
      this.#cut()
      this.#flaws.push({ start: this.#start, end, line: this.#lines + 1 })
    } else this.#records++
    this.#lines++
    this.#start = end
    if (isLong || end - (this.#cuts.at(-1) as Cut).offset >= this.#cutBytes) this.#cut()
  }

  #cut(): void {
    const [offset, lines, records] = [this.#start, this.#lines, this.#records]
    if (offset > (this.#cuts.at(-1) as Cut).offset) {
      this.#cuts.push({ offset, lines, records, broken: 0 })
    }
  }
}
