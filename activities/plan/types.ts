/** Types of columns that do not exist yet, from all values that staging has seen. */
import { type Column, guessedColumn } from '../../src/domain/columns.ts'
import { guessNotes } from '../../src/domain/guessNotes.ts'
import { addFacts, type ColumnFacts, guessType, noFacts } from '../../src/domain/types.ts'
import type { Dialect, FileShape } from '../../src/domain/words.ts'
import type { Connection } from '../../src/postgres/db.ts'
import { readFiles } from '../../src/postgres/ledger/files.ts'
import { addNotes } from '../../src/postgres/ledger/notes.ts'

/** What the values of the target's columns are, over all files. */
export class Values {
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

interface Guessing {
  values: Values
  names: readonly string[]
  freeze: boolean
}

/** Guesses the types, and tells what was not plain about it. */
export async function guessColumns(
  tx: Connection,
  ingestId: string,
  { values, names, freeze }: Guessing,
): Promise<Column[]> {
  const { dialect, hasWords } = values
  if (!dialect) return names.map((name) => ({ name, type: 'text' }))
  const guesses = names.map((name) => ({
    name,
    ...guessType(values.of(name), { hasWords, freeze }),
  }))
  const found = guesses
    .flatMap(({ nullWords, nearly, offset }) => [nearly?.odd, offset, ...nullWords])
    .filter((each) => each !== null && each !== undefined)
  const files = await readFiles(tx, ingestId, [...new Set(found.map(({ fileNo }) => fileNo))])
  const fileOf = (fileNo: number) => files.get(fileNo)?.name ?? ''
  await addNotes(tx, ingestId, guessNotes(guesses, { dialect, fileOf }))
  return guesses.map(guessedColumn)
}
