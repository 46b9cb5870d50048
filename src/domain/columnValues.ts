/** What the values of columns are, over all files that go to them. */
import { addFacts, type ColumnFacts, noFacts } from './types.ts'
import type { FileShape } from './words.ts'

/** How the values of a file are written, as far as it decides the types of columns. */
export interface ValueTerms {
  /** The texts that stand for NULL in every column. */
  nulls: string[]
  /** How many records make up a header. */
  headerRows: number
  /** It has words for true and false. */
  hasWords: boolean
}

interface ValuesOfFile extends Pick<FileShape, 'types'> {
  fileNo: number
}

/** What the values of the target's columns are, over all files. */
export class ColumnValues {
  readonly #columns = new Map<string, ColumnFacts>()
  /** Those of the first file; null as long as there is none. */
  terms: ValueTerms | null = null
  /** Some file has words for true and false. */
  hasWords = false

  /** @param columns that the fields of the file go to */
  add({ fileNo, types }: ValuesOfFile, terms: ValueTerms, columns: readonly string[]): void {
    this.terms ??= terms
    this.hasWords ||= terms.hasWords
    for (const [index, name] of columns.entries()) {
      // A field that has no column.
      if (name === '') continue
      const facts = this.of(name)
      this.#columns.set(name, facts)
      const field = types?.[index]
      if (field) addFacts(facts, fileNo, field)
      // A file that was staged before there were any.
      else if (!types) facts.isText = true
    }
  }

  of(name: string): ColumnFacts {
    return this.#columns.get(name) ?? noFacts()
  }
}
