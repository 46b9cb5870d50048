/** What staging learns of one file while its bytes pass by. */
import { cutBytes } from '../../domain/plan.ts'
import type { FileShape } from '../../domain/words.ts'
import type { Head } from './head.ts'
import { Scanner } from './scan.ts'
import { TypeScan } from './typeScan.ts'

/** A longer record is a reject: it could be neither checked nor repaired in bounded memory. */
export const recordBytesMax = 16 * 1024 * 1024

/**
 * Taps the bytes of a file in order; `shape` gives the result after the last one.
 * @param head what its first bytes say
 */
export class Shaper {
  readonly #head: Omit<Head, 'notes'>
  readonly #scanner: Scanner
  readonly #types: TypeScan | null

  constructor(head: Omit<Head, 'notes'>, file: { sizeBytes: number }) {
    this.#head = head
    const limits = { cutBytes: cutBytes(file.sizeBytes), recordBytesMax }
    const { width, dialect, start } = head
    const { sizeBytes } = file
    this.#types = width > 0 ? new TypeScan(dialect, { width, sizeBytes }) : null
    const types = this.#types && { types: this.#types }
    this.#scanner = new Scanner(dialect, limits, { ...start, ...types })
  }

  push(chunk: Buffer): void {
    this.#scanner.push(chunk)
  }

  shape(): FileShape {
    this.#scanner.finish()
    const { dialect, header, width } = this.#head
    const { cuts, flaws } = this.#scanner
    if (width === 0 && cuts.length < 2) return { dialect, header, width, cuts: [], flaws }
    const types = this.#types && { types: this.#types.facts() }
    return { dialect, header, width, cuts, flaws, ...types }
  }
}
