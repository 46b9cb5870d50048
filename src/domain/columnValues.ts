/** What the values of columns are, over all files that go to them. */
import { addFacts, type ColumnFacts, noFacts } from './types.ts'
import type { Dialect, FileShape } from './words.ts'

/** What the values of the target's columns are, over all files. */
export class ColumnValues {
  readonly #columns = new Map<string, ColumnFacts>()
  /** The dialect of the first file. */
  dialect: Dialect | null = null
  /** Some file has words for true and false. */
  hasWords = false

  /** @param columns that the fields of the file go to */
  add(fileNo: number, { dialect, types }: FileShape, columns: readonly string[]): void {
    this.dialect ??= dialect
    this.hasWords ||= Boolean(dialect.trueWords ?? dialect.falseWords)
    for (const [index, name] of columns.entries()) {
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
