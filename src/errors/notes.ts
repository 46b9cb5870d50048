/** The note table: what an ingest tells of its own accord, although it did not fail. */
import { fill, type Params } from './fill.ts'

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

interface NoteRow {
  meaning: string
  /** `{name}` is filled from the parameters, here and in the hint. */
  message: string
  /** null when nothing needs to be done. */
  hint: string | null
}

export const noteTable = {
  no_header: {
    meaning: 'the first record looks like data, so the columns have no names of their own',
    message: '{file} has no header: its first record was read as data.',
    hint: 'If it has one, say `--header`; `--columns` gives names.',
  },
  lines_skipped: {
    meaning: 'lines in front of the header or the data were left out as titles or remarks',
    message: 'The {lines} of {file} {was} left out as {what}.',
    hint: 'If {they} data, say `--skip-rows 0`.',
  },
  header_left_out: {
    meaning:
      'names were given, and the first record looks like a header, so it was not loaded either',
    message: 'The {what} of {file} {was} taken for a header and not loaded: {list}.',
    hint: 'If it is data, say `--no-header`.',
  },
  files_loaded_before: {
    meaning: 'an earlier ingest has appended the same files (names, sizes, versions) to the target',
    message: 'The same files were loaded into {table} before, by the ingest {earlier}.',
    hint: 'Their rows may be there twice now. With `--id NAME` a command that comes again is the same ingest.',
  },
  target_made_anew: {
    meaning: 'the target was dropped while the ingest was under way, and a new table has its name',
    message:
      'The table {table} was dropped while the ingest was under way: a new one with the columns of the files has its name.',
    hint: 'Keys, indexes, defaults and grants went with the old one: make them again where they are wanted.',
  },
  header_completed: {
    meaning: 'the header has fewer names than most records have fields',
    message: 'The header of {file} names {names} of {fields} fields; the others are {list}.',
    hint: 'To name them, say `--columns`.',
  },
  row_names: {
    meaning: 'the header lacks the name of the first field, as R writes the names of rows',
    message: 'The header of {file} has no name for the first field, which is column_1.',
    hint: 'To name it, say `--columns`.',
  },
  header_cut: {
    meaning: 'the header has more delimiters than the records, and nothing stands between them',
    message: 'Left out of the header of {file}: {count} empty names at its end.',
    hint: 'To name the fields yourself, say `--columns`.',
  },
  header_rows: {
    meaning:
      'several records in front have names, or the first one comes twice, so all are the header',
    message: 'The header of {file} has {count} rows: a name is made of the words above its column.',
    hint: 'If only the first one is the header, say `--header 1`.',
  },
  header_otherwise: {
    meaning: 'the header is split at something else than the records',
    message: 'The header of {file} is split at {shown}, unlike its records.',
    hint: 'To name the fields yourself, say `--columns`.',
  },
  header_wider: {
    meaning: 'the header has more names than most records have fields, so they are rejects',
    message:
      'The header of {file} has {names} names, and most of its records have {fields} fields.',
    hint: 'If the last fields are missing, say `--ragged pad`; else name the fields with `--columns`.',
  },
  encoding_guessed: {
    meaning: 'the bytes are not UTF-8, and nothing says what they are: the encoding is a guess',
    message: 'The bytes of {file} are not UTF-8, and were read as {encoding}.',
    hint: 'If its letters are wrong, name the encoding with `--encoding`.',
  },
  characters_replaced: {
    meaning: 'bytes that are no character of the encoding were read as U+FFFD',
    message:
      'Bytes of {file} that are no character in {encoding} were read as U+FFFD (�): {count}.',
    hint: 'If the file is written otherwise, name its encoding with `--encoding`.',
  },
  delimiter_guessed: {
    meaning: 'an unusual delimiter was found: it may be a part of the values',
    message: 'The fields of {file} were split at {shown}.',
    hint: 'If that is wrong, say `--delimiter`.',
  },
  no_delimiter: {
    meaning: 'nothing splits the records into the same number of fields, so each line is one field',
    message: 'No delimiter was found in {file}: each line is one field.',
    hint: 'If its lines have several fields, say `--delimiter`.',
  },
  files_left_out: {
    meaning: 'files that are no data, such as a README or a PDF, were not loaded',
    message: 'These files were left out ({why}): {some}.',
    hint: 'To load such a file, name it itself instead of its folder.',
  },
  files_skipped: {
    meaning: 'files that share no name with the others were not loaded, as `--unknown-files` says',
    message: 'These files were left out, for no name in their header is known: {some}.',
    hint: null,
  },
  files_by_position: {
    meaning:
      'files without a header were read in the order of the first table, as `--unknown-files` says',
    message: 'These files have no header, and their fields were taken in order: {some}.',
    hint: null,
  },
  files_otherwise: {
    meaning: 'files that are written otherwise than the first table were read in their own way',
    message: 'These files are written otherwise than the first table: {some}.',
    hint: 'To read all files alike, say {flags}.',
  },
  heads_alike: {
    meaning: 'more files have a note that was told in full for the first ones',
    message: 'The same ({code}) holds for more files ({count}): {some}.',
    hint: null,
  },
  names_changed: {
    meaning: 'columns of the table have other names than the header has',
    message: 'These columns are not called as in the header: {some}.',
    hint: '{advice}',
  },
  terms_unsure: {
    meaning: 'how numbers or dates are written could not be told, so they were taken as they are',
    message: '{problem} ({where} of {file}), so such values stay as they are.',
    hint: 'If you know it, say {flag}.',
  },
  text_trimmed: {
    meaning: 'rows had text behind the last column, which `--ragged trim` or `fit` dropped',
    message: '{count} rows had text behind the last column, in {fields} fields: it was dropped.',
    hint: 'To keep it, name the further fields with `--columns`; without `--ragged` such rows are rejects.',
  },
  rows_padded: {
    meaning:
      'rows had fewer fields than there are columns, which `--ragged pad` or `fit` filled up',
    message: '{count} rows had too few fields: columns without a field are NULL there.',
    hint: 'Without `--ragged` such rows are rejects, which can be corrected.',
  },
  column_trimmed: {
    meaning: 'nearly every row has text in a field for which there is no column: it was dropped',
    message:
      'Field {field} has text in {count} of {rows} rows and no column: all of it was dropped.',
    hint: 'The header is likely too short: name all fields with `--columns`.',
  },
  rejects_likely: {
    meaning: 'rows were rejected for what a flag may well mend',
    message: '{rows} rejected. The first: {first}.',
    hint: '{likely}',
  },
  column_became_text: {
    meaning: 'nearly all values of a column are of one type, and the others made it text',
    message:
      'Column {column} became text: {values} no {type}, the first is {value} in {file}, line {line}.{also}',
    hint: '{advice}',
  },
  offset_is_text: {
    meaning: 'timestamps with offsets are text: a timestamptz keeps the moment, not the offset',
    message:
      'Column {column} is text, for its timestamps have offsets that a timestamptz would forget: {value} in {file}, line {line}.',
    hint: 'If the moments are enough, make the table yourself, with a timestamptz.',
  },
  null_words: {
    meaning: 'words for NULL beside the values of a type, which are NULL in that column',
    message:
      'Column {column} is {type}, and {words} {was} taken for NULL in it: {values}, the first in {file}, line {line}.',
    hint: 'To keep the words, say `--types text`. With `{flag}` they are NULL in columns of text as well.',
  },
} as const satisfies Record<string, NoteRow>

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
