/** The form of an unfolded file: a line that says which columns there are, and a line for each row. */
import type { Reading } from '../domain/words.ts'
import type { Note } from '../errors/notes.ts'
import type { Head } from './format.ts'

/** What the first line says of a column. */
export interface UnfoldedColumn {
  name: string
  /** As the schema of the file has it, in the words of PostgreSQL. */
  type: string
}

export interface UnfoldedReading extends Reading {
  newline: '\n'
  /** The types of its columns; absent in a unit, whose columns have theirs. */
  types?: string[]
}

/** No text for people begins with it, so an unfolded file is never taken for one. */
const mark = '\x01'

/** The first line of an unfolded file. */
export const headLine = (columns: readonly UnfoldedColumn[], notes: readonly Note[]): string =>
  `${mark}${JSON.stringify({ columns, notes })}\n`

/** A row is counted by itself, so the line in front of the first one counts as none. */
export function headOf(bytes: Buffer, empty: UnfoldedReading): Head<UnfoldedReading> {
  const end = bytes.indexOf('\n')
  if (end < 0) {
    const start = { offset: bytes.length, lines: 0 }
    return { reading: empty, header: null, width: 0, start, notes: [] }
  }
  const { columns, notes } = JSON.parse(bytes.toString('utf8', mark.length, end)) as {
    columns: UnfoldedColumn[]
    notes: Note[]
  }
  return {
    reading: { ...empty, types: columns.map(({ type }) => type) },
    header: columns.map(({ name }) => name),
    width: columns.length,
    start: { offset: end + 1, lines: 0 },
    notes,
  }
}
