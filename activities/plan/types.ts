/** Types of columns that do not exist yet, from all values that staging has seen. */
import { type Column, guessedColumn } from '../../src/domain/columns.ts'
import type { ColumnValues } from '../../src/domain/columnValues.ts'
import { guessNotes } from '../../src/domain/guessNotes.ts'
import { guessType } from '../../src/domain/types.ts'
import type { Connection } from '../../src/postgres/db.ts'
import { readFiles } from '../../src/postgres/ledger/files.ts'
import type { IngestEntry } from '../../src/postgres/ledger/ingests.ts'
import { addNotes } from '../../src/postgres/ledger/notes.ts'
import { optionsLacking } from '../../src/spec/format.ts'

interface Guessing {
  values: ColumnValues
  names: readonly string[]
  entry: Pick<IngestEntry, 'spec' | 'reading'>
}

/** Guesses the types, and tells what was not plain about it. */
export async function guessColumns(
  tx: Connection,
  ingestId: string,
  { values, names, entry: { spec, reading } }: Guessing,
): Promise<Column[]> {
  const { format, target } = spec
  const { terms, hasWords } = values
  if (!terms) return names.map((name) => ({ name, type: 'text' }))
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
  await addNotes(tx, ingestId, guessNotes(guesses, { terms, given, fileOf }))
  return guesses.map(guessedColumn)
}
