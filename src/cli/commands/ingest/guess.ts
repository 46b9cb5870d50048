/** The types that an ingest would guess: files are read to their end, as staging does it. */

import { type Column, guessedColumn } from '../../../domain/columns.ts'
import type { ColumnValues } from '../../../domain/columnValues.ts'
import { guessNotes } from '../../../domain/guessNotes.ts'
import type { Given } from '../../../domain/rejected.ts'
import { guessType, misfitsOf } from '../../../domain/types.ts'
import type { FileShape, ListedFile } from '../../../domain/words.ts'
import type { Note } from '../../../errors/notes.ts'
import type { Head } from '../../../formats/format.ts'
import type { Source } from '../../../sources/source.ts'
import { scanBy } from '../../../spec/files/reading.ts'
import { type Opening, openFileText } from '../../../spec/files/text.ts'
import type { FullTarget } from '../../../spec/target.ts'

interface From {
  source: Source
  opening: Opening
}

/** @throws not_csv, and what opening and unpacking a file throw */
export async function scanFile(
  { source, opening }: From,
  file: ListedFile,
  head: Omit<Head, 'notes'>,
): Promise<FileShape> {
  const { name, sizeBytes } = file
  const opened = await source.open(file, opening.signal)
  try {
    const text = await openFileText(opened, file, opening)
    try {
      const scan = scanBy(head, { name, sizeBytes })
      for await (const chunk of text.bytes) scan.push(chunk)
      return scan.shape()
    } finally {
      await text.close()
    }
  } finally {
    await opened.close()
  }
}

/** Values that do not fit a column with a frozen type: their rows would be rejects. */
export interface Misfits {
  column: string
  type: string
  count: number
  /** Where the first one is. */
  file: string
  line: number
  value: string
}

export interface Guessed {
  columns: Column[]
  notes: Note[]
  misfits: Misfits[]
}

/** The types of columns that do not exist yet. */
export function guessOf(
  values: ColumnValues,
  names: readonly string[],
  { into, given, fileOf }: { into: FullTarget; given: Given; fileOf: (fileNo: number) => string },
): Guessed {
  const { terms, hasWords } = values
  if (into.types === 'text' || !terms) {
    const columns = names.map((name): Column => ({ name, type: 'text' }))
    return { columns, notes: [], misfits: [] }
  }
  const freeze = into.schema === 'freeze'
  const guesses = names.map((name) => ({
    name,
    ...guessType(values.of(name), { hasWords, freeze }),
  }))
  const misfits = guesses.flatMap(({ name: column, type }): Misfits[] => {
    const found = freeze && misfitsOf(values.of(column), type)
    if (!found) return []
    const { fileNo, ...first } = found
    return [{ column, type, ...first, file: fileOf(fileNo) }]
  })
  return {
    columns: guesses.map(guessedColumn),
    notes: guessNotes(guesses, { terms, given, fileOf }),
    misfits,
  }
}
