/** A header that comes again among the records, as files have it that were made of several. */
import type { Dialect } from './dialect.ts'
import { namesIn } from './sniff/names.ts'

export class RepeatedHeaders {
  readonly #dialect: Dialect
  readonly #rows: ReadonlySet<string>

  constructor(dialect: Dialect) {
    this.#dialect = dialect
    this.#rows = new Set(dialect.repeatedHeaders?.map(keyOf))
  }

  /** Whether the file may repeat its header: such records are not data. */
  get areSought(): boolean {
    return this.#rows.size > 0
  }

  /** @param record without its line end */
  has(record: Buffer): boolean {
    return this.areSought && this.#rows.has(keyOf(namesIn(record, this.#dialect)))
  }
}

const keyOf = (names: readonly string[]): string => JSON.stringify(names.map((name) => name.trim()))
