/** What staging learns of one file while its bytes pass by. */
import { cutBytes } from '../domain/plan.ts'
import type { Dialect, FileShape } from '../domain/words.ts'
import { sluiceError } from '../errors.ts'
import { HopelessQuotes } from './cutList.ts'
import { headOf } from './head.ts'
import { Scanner } from './scan.ts'
import { refuseBinary, sniffNewline } from './sniff.ts'

/** A longer record is a reject: it could be neither checked nor repaired in bounded memory. */
export const recordBytesMax = 16 * 1024 * 1024

/**
 * Taps the bytes of a file in order; `shape` gives the result after the last one.
 * @param dialect the ingest's; the line end is the file's own
 */
export class Shaper {
  readonly #file: { name: string; sizeBytes: number }
  #dialect: Dialect
  #scanner: Scanner | null = null

  constructor(dialect: Dialect, file: { name: string; sizeBytes: number }) {
    this.#dialect = dialect
    this.#file = file
  }

  /** @throws not_csv */
  push(chunk: Buffer): void {
    this.#scanner ??= this.#open(chunk)
    const scanner = this.#scanner
    this.#scan(() => scanner.push(chunk))
  }

  /** @throws not_csv, columns_too_many */
  shape(): FileShape {
    const dialect = this.#dialect
    const scanner = this.#scanner
    this.#scan(() => scanner?.finish())
    const head = scanner?.head ?? []
    if (scanner?.headerBroken) {
      throw this.#notCsv('its first line has a quote that never closes, or never ends')
    }
    if (!scanner || (head.length === 0 && scanner.cuts.length === 0)) {
      return { dialect, header: null, width: 0, cuts: [], flaws: [] }
    }
    if (head.length === 0) throw this.#notCsv('it has no record that can be read')
    const { header, width } = headOf(head, dialect, this.#file.name)
    return { dialect, header, width, cuts: scanner.cuts, flaws: scanner.flaws }
  }

  #scan(work: () => void): void {
    try {
      work()
    } catch (error) {
      if (!(error instanceof HopelessQuotes)) throw error
      throw this.#notCsv('too many of its quotes never close')
    }
  }

  #open(start: Buffer): Scanner {
    refuseBinary(start.subarray(0, 65_536), this.#file.name)
    this.#dialect = { ...this.#dialect, newline: sniffNewline(start) }
    const limits = { cutBytes: cutBytes(this.#file.sizeBytes), recordBytesMax }
    return new Scanner(this.#dialect, limits)
  }

  #notCsv(problem: string): Error {
    return sluiceError('not_csv', { file: this.#file.name, problem })
  }
}
