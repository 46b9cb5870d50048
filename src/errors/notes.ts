/** The note table: what an ingest tells of its own accord, although it did not fail. Its rows are in notes/. */
import { fill, type Params } from './fill.ts'
import { fileNotes } from './notes/files.ts'
import { readingNotes } from './notes/reading.ts'
import type { NoteRow } from './notes/row.ts'
import { tableNotes } from './notes/table.ts'

/** What an ingest guessed, left out or changed, told with its result. */
export interface Note {
  /** A code of errors/notes.ts. */
  code: string
  /** What the note is about, a column or a file; empty when it is about the whole ingest. */
  subject: string
  /** A whole sentence for people. */
  message: string
  /** What to do about it, with a flag or a command; null when nothing needs to be done. */
  hint: string | null
  /** The file it was found in; null when it is about all files. */
  file: string | null
  /** Physical line of `file`, counted from 1. */
  line: number | null
  column: string | null
  /** The first value that led to it, shortened to 200 characters. */
  value: string | null
  /** How many values, rows, lines or files it is about. */
  count: number | null
}

/** An answer shows so many; the ledger keeps all. */
export const notesShownMax = 100

export const noteTable = { ...readingNotes, ...fileNotes, ...tableNotes }

export type NoteCode = keyof typeof noteTable

type Texts<C extends NoteCode> =
  | (typeof noteTable)[C]['message']
  | Extract<(typeof noteTable)[C]['hint'], string>

/** Facts that have a field of their own, for programs. */
type Facts = Partial<Pick<Note, 'subject' | 'file' | 'line' | 'column' | 'value' | 'count'>>

const valueCharsMax = 200

/**
 * Makes a note of the table; the parameters of its texts are checked by the compiler. Those that
 * are facts as well, such as `file` or `count`, are kept as such.
 */
export function noteOf<C extends NoteCode>(code: C, params: Params<Texts<C>> & Facts): Note {
  const { message, hint }: NoteRow = noteTable[code]
  const { subject, file = null, line = null, column = null, value = null, count = null } = params
  const shown = Object.fromEntries(
    Object.entries(params).filter(([, each]) => each !== null && each !== undefined),
  ) as Record<string, string | number>
  return {
    code,
    subject: subject ?? column ?? file ?? '',
    message: fill(message, shown),
    hint: hint === null ? null : fill(hint, shown),
    file,
    line,
    column,
    value: value === null ? null : value.slice(0, valueCharsMax),
    count,
  }
}
