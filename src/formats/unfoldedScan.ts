/** Finds the cuts of an unfolded file: each line is a row. */
import { cutBytes as cutBytesFor } from '../domain/plan.ts'
import type { FileShape } from '../domain/words.ts'
import { CutList } from './cutList.ts'
import { type Head, recordBytesMax, type Scan } from './format.ts'
import type { UnfoldedReading } from './unfoldedText.ts'

const newline = 10

type Start = Omit<Head<UnfoldedReading>, 'notes'>

export class UnfoldedScan implements Scan {
  readonly #head: Start
  readonly #list: CutList
  #sizeBytes = 0
  /** Where the row under way starts. */
  #start: number

  constructor(
    head: Start,
    { sizeBytes, cutBytes = cutBytesFor(sizeBytes) }: { sizeBytes: number; cutBytes?: number },
  ) {
    this.#head = head
    this.#start = head.start.offset
    this.#list = new CutList(cutBytes, 0)
    this.#list.open(head.start)
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
    this.#list.finish()
    const { cuts, flaws } = this.#list.found
    const { reading, header, width } = this.#head
    const types = reading.types?.map((declared) => ({ tallies: [], declared }))
    const known = { header, width: header ? width : 0, ...(types && { types }) }
    return { reading, ...known, cuts: cuts.length > 1 ? cuts : [], flaws }
  }

  #row(end: number): void {
    if (end - this.#start > recordBytesMax) this.#list.flaw(this.#start, end)
    else this.#list.recordOfLine(this.#start, end)
    this.#start = end
  }
}
