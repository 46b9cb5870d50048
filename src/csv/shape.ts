/** What staging learns of one file while its bytes pass by. */
import { cutBytes } from '../domain/plan.ts'
import type { FileShape } from '../domain/words.ts'
import type { Head } from './head.ts'
import { Scanner } from './scan.ts'

/** A longer record is a reject: it could be neither checked nor repaired in bounded memory. */
export const recordBytesMax = 16 * 1024 * 1024

/**
 * Taps the bytes of a file in order; `shape` gives the result after the last one.
 * @param head what its first bytes say
 */
export class Shaper {
  readonly #head: Omit<Head, 'notes'>
  readonly #scanner: Scanner

  constructor(head: Omit<Head, 'notes'>, file: { sizeBytes: number }) {
    this.#head = head
    const limits = { cutBytes: cutBytes(file.sizeBytes), recordBytesMax }
    this.#scanner = new Scanner(head.dialect, limits, head.start)
  }

  push(chunk: Buffer): void {
    this.#scanner.push(chunk)
  }

  shape(): FileShape {
    this.#scanner.finish()
    const { dialect, header, width } = this.#head
    const { cuts, flaws } = this.#scanner
    if (width === 0 && cuts.length < 2) return { dialect, header, width, cuts: [], flaws }
    return { dialect, header, width, cuts, flaws }
  }
}
