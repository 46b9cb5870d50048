/** Types of columns that do not exist yet, from all values that staging has seen. */
import { type Column, guessedColumn } from '../../src/domain/columns.ts'
import type { ColumnValues } from '../../src/domain/columnValues.ts'
import { guessNotes } from '../../src/domain/guessNotes.ts'
import { guessType } from '../../src/domain/types.ts'
import type { Note } from '../../src/errors/notes.ts'
import type { Connection } from '../../src/postgres/db.ts'
import { readFiles } from '../../src/postgres/ledger/files.ts'
import type { IngestEntry } from '../../src/postgres/ledger/ingests.ts'
import { optionsLacking } from '../../src/spec/format.ts'

interface Guessing {
  values: ColumnValues
  names: readonly string[]
  entry: Pick<IngestEntry, 'spec' | 'reading'>
}

export interface Guessed {
  columns: Column[]
  /** What was not plain about it. */
  notes: Note[]
}

/** Guesses the types. */
export async function guessColumns(
  tx: Connection,
  ingestId: string,
  { values, names, entry: { spec, reading } }: Guessing,
): Promise<Guessed> {
  const { format, target } = spec
  const { terms, hasWords } = values
  if (!terms) return { columns: names.map((name) => ({ name, type: 'text' })), notes: [] }
  const freeze = target?.schema === 'freeze'
  const guesses = names.map((name) => ({
    name,
    ...guessType(values.of(name), { hasWords, freeze }),
  }))
  const found = guesses
    .flatMap(({ nullWords, nearly, offset }) => [nearly?.odd, offset, ...nullWords])
    .filter((each) => each !== null && each !== undefined)
  const fileNos = [...new Set(found.map(({ fileNo }) => fileNo))]
  const files = fileNos.length > 0 ? await readFiles(tx, ingestId, fileNos) : new Map()
  const given = { ...(reading && optionsLacking(reading)), ...format }
  const fileOf = (fileNo: number) => files.get(fileNo)?.name ?? ''
  const notes = guessNotes(guesses, { terms, given, fileOf })
  return { columns: guesses.map(guessedColumn), notes }
}
