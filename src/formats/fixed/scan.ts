/** One pass over the bytes of a file of fixed width: cuts between lines, and what its values are. */
import { isAscii } from 'node:buffer'
import { cutBytes as usualCutBytes } from '../../domain/plan.ts'
import type { FileShape } from '../../domain/words.ts'
import { CutList } from '../cutList.ts'
import { recordBytesMax, type Scan, type ScannedFile } from '../format.ts'
import { newlineByte, textEnd } from '../lines.ts'
import { FixedKinds } from './kinds.ts'
import { isNone } from './lines.ts'
import type { FixedReading } from './reading.ts'
import { lineWidth } from './widths.ts'

interface Start {
  reading: FixedReading
  start: { offset: number; lines: number }
}

interface Line {
  /** Where the next one starts in the file. */
  next: number
  /** It is ASCII without a NUL for sure. */
  isPlain: boolean
}

export class FixedScan implements Scan {
  readonly #reading: FixedReading
  readonly #list: CutList
  readonly #kinds: FixedKinds
  readonly #newline: number
  readonly #width: number
  /** The last records are held back, since a footer is not data. */
  readonly #last: { record: Buffer; line: number }[] = []
  /** Bytes before the chunk at hand, and where the line under way starts. */
  #passed = 0
  #start: number
  /** What of the line came in chunks before. */
  #held: Buffer[] = []
  #heldBytes = 0

  constructor({ reading, start }: Start, { sizeBytes, cutBytes }: ScannedFile) {
    this.#reading = reading
    this.#list = new CutList(cutBytes ?? usualCutBytes(sizeBytes), reading.skipFooter ?? 0)
    this.#list.open(start)
    this.#kinds = new FixedKinds(reading, sizeBytes)
    this.#newline = newlineByte(reading.newline)
    this.#width = lineWidth(reading.places)
    this.#start = start.offset
  }

  push(chunk: Buffer): void {
    const isPlain = isAscii(chunk) && !chunk.includes(0)
    // What stands in front of the first line may end in a later chunk.
    let at = this.#heldBytes > 0 ? 0 : Math.max(0, this.#start - this.#passed)
    while (at < chunk.length) {
      const end = chunk.indexOf(this.#newline, at)
      if (end < 0) {
        this.#hold(chunk, at)
        break
      }
      this.#line(chunk, [at, end], { next: this.#passed + end + 1, isPlain })
      at = end + 1
    }
    this.#passed += chunk.length
  }

  shape(): FileShape {
    if (this.#heldBytes > 0) {
      this.#line(Buffer.alloc(0), [0, 0], { next: this.#passed, isPlain: false })
    }
    this.#list.finish()
    const { cuts, flaws } = this.#list.found
    const { names } = this.#reading
    return {
      ...{ reading: this.#reading, header: names, width: names.length, flaws },
      cuts: cuts.length > 1 ? cuts : [],
      ...(this.#list.records > 0 && { types: this.#kinds.facts() }),
    }
  }

  /** Keeps the rest of a chunk, which is another one soon; a line that is too long is not kept. */
  #hold(chunk: Buffer, from: number): void {
    this.#heldBytes += chunk.length - from
    if (this.#heldBytes > recordBytesMax) this.#held = []
    else this.#held.push(Buffer.from(chunk.subarray(from)))
  }

  /** A line ends; what of it is in the chunk lies from there to there. */
  #line(chunk: Buffer, [from, to]: [number, number], { next, isPlain }: Line): void {
    if (this.#heldBytes + to - from > recordBytesMax) this.#list.flaw(this.#start, next)
    else if (this.#heldBytes === 0) this.#record(chunk, [from, to], { next, isPlain })
    else {
      const line = Buffer.concat([...this.#held, chunk.subarray(from, to)])
      this.#record(line, [0, line.length], { next, isPlain: false })
    }
    this.#start = next
    if (this.#heldBytes > 0) this.#held = []
    this.#heldBytes = 0
  }

  #record(bytes: Buffer, [from, to]: [number, number], { next, isPlain }: Line): void {
    const end = textEnd(bytes, from, to)
    if (isNone(bytes, [from, end], this.#width)) {
      this.#list.lineOfNone(next)
      return
    }
    this.#look(bytes, [from, end], isPlain)
    this.#list.recordOfLine(this.#start, next)
  }

  #look(bytes: Buffer, place: [number, number], isPlain: boolean): void {
    const { skipFooter = 0 } = this.#reading
    const { line } = this.#list
    if (skipFooter === 0) {
      this.#kinds.add(bytes, place, line, isPlain)
      return
    }
    this.#last.push({ record: Buffer.from(bytes.subarray(...place)), line })
    const first = this.#last.length > skipFooter ? this.#last.shift() : undefined
    if (first) this.#kinds.add(first.record, [0, first.record.length], first.line, false)
  }
}
