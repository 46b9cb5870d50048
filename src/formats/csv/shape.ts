/** What staging learns of one file while its bytes pass by. */
import { cutBytes } from '../../domain/plan.ts'
import type { FileShape } from '../../domain/words.ts'
import { recordBytesMax, type Scan, type ScannedPart } from '../format.ts'
import { toReading } from './dialect.ts'
import type { Head } from './head.ts'
import { Scanner } from './scan.ts'
import { TypeScan } from './typeScan.ts'

/**
 * Taps the bytes of a file in order; `shape` gives the result after the last one.
 * @param head what its first bytes say
 */
export class Shaper implements Scan {
  readonly part?: ScannedPart
  readonly #head: Omit<Head, 'notes'>
  readonly #scanner: Scanner
  readonly #types: TypeScan | null

  constructor(head: Omit<Head, 'notes'>, file: { sizeBytes: number; cutBytes?: number }) {
    this.#head = head
    const limits = { cutBytes: file.cutBytes ?? cutBytes(file.sizeBytes), recordBytesMax }
    const { width, dialect, start } = head
    const { sizeBytes } = file
    this.#types = width > 0 ? new TypeScan(dialect, { width, sizeBytes }) : null
    const types = this.#types && { types: this.#types }
    this.#scanner = new Scanner(dialect, limits, { ...start, width, ...types })
    // Which records are the footer is known at the end of the file only.
    if (!dialect.skipFooter)
      this.part = { end: () => this.#scanner.passed, shape: () => this.#shapeSoFar() }
  }

  push(chunk: Buffer): void {
    this.#scanner.push(chunk)
  }

  shape(): FileShape {
    this.#scanner.finish()
    return this.#found()
  }

  #shapeSoFar(): FileShape {
    this.#scanner.finish(false)
    return this.#found()
  }

  #found(): FileShape {
    const { dialect, header, width } = this.#head
    const { found } = this.#scanner
    const reading = toReading(dialect)
    if (width === 0 && found.cuts.length < 2) return { reading, header, width, ...found, cuts: [] }
    const types = this.#types && { types: this.#types.facts() }
    return { reading, header, width, ...found, ...types }
  }
}
