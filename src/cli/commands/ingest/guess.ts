/** The types that an ingest would guess from a file: it is read to its end, as staging does it. */

import { type Column, guessedColumn } from '../../../domain/columns.ts'
import { guessNotes } from '../../../domain/guessNotes.ts'
import { addFacts, guessType, noFacts } from '../../../domain/types.ts'
import type { UnpackLimits } from '../../../domain/unpack.ts'
import type { FileShape, ListedFile } from '../../../domain/words.ts'
import type { Note } from '../../../errors/notes.ts'
import type { Head } from '../../../formats/csv/head.ts'
import { Shaper } from '../../../formats/csv/shape.ts'
import type { Source } from '../../../sources/source.ts'
import type { Format } from '../../../spec/format.ts'
import { openText } from '../../../unpack/text.ts'

interface Reading {
  format: Format
  limits: UnpackLimits
  head: Omit<Head, 'notes'>
}

/** @throws not_csv, and what opening and unpacking a file throw */
export async function scanFile(
  source: Source,
  file: ListedFile,
  { format, limits, head }: Reading,
): Promise<FileShape> {
  const { name, sizeBytes } = file
  const opened = await source.open(file)
  try {
    const { packing } = opened
    const bytes = opened.read(new AbortController().signal)
    const text = await openText(bytes, { file: name, format, limits, ...(packing && { packing }) })
    const shaper = new Shaper(head, { sizeBytes })
    for await (const chunk of text.bytes) shaper.push(chunk)
    return shaper.shape()
  } finally {
    await opened.close()
  }
}

/** @param names the columns that the fields of the file would go to */
export function guessOf(
  { dialect, types = [] }: FileShape,
  names: readonly string[],
  { file, freeze }: { file: string; freeze: boolean },
): { columns: Column[]; notes: Note[] } {
  const hasWords = Boolean(dialect.trueWords ?? dialect.falseWords)
  const guesses = names.map((name, index) => {
    const facts = noFacts()
    const field = types[index]
    if (field) addFacts(facts, 0, field)
    return { name, ...guessType(facts, { hasWords, freeze }) }
  })
  return {
    columns: guesses.map(guessedColumn),
    notes: guessNotes(guesses, { dialect, fileOf: () => file }),
  }
}
