/** What is told of the target, its columns and the rows. */
import { withExamples } from '../examples.ts'
import type { NoteRow } from './row.ts'

export const tableNotes = withExamples({
  target_made_anew: {
    meaning: 'the target was dropped while the ingest was under way, and a new table has its name',
    message:
      'The table {table} was dropped while the ingest was under way: a new one with the columns of the files has its name.',
    hint: 'Keys, indexes, defaults and grants went with the old one: make them again where they are wanted.',
    example: { table: 'public.trips' },
  },
  readers_wait: {
    meaning: '`--mode replace` has emptied the table by `truncate`, for which its readers wait',
    message: 'Readers of {table} wait while its rows are replaced, for {problem}.',
    hint: 'Without that they would see the rows of before until the new ones are there.',
    example: { table: 'public.trips', problem: 'the trigger audit acts on deletes' },
  },
  deletes_held_back: {
    meaning:
      'a sync has deleted nothing, or a history has retired nothing, for the keys of rejects are not known: they may be those of rows that the files seem to lack',
    message:
      'Rows of {table} that the files do not have stay as they are, {count} of them: {records} had been rejected, and may be theirs.',
    hint: 'See the rejects with `sluice rejects`. Correct the files, and load them again.',
    example: { table: 'public.trips', count: 12, records: '1 record' },
  },
  units_loaded_again: {
    meaning: 'PostgreSQL has crashed, or a standby took over, and emptied the landing table',
    message:
      'PostgreSQL has lost what was loaded before the publish: {count} units were loaded again.',
    hint: null,
    example: { count: 12 },
  },
  type_not_here: {
    meaning:
      'a column of another database has a type that somebody has made there, such as an enum, and that the database of the target does not have',
    message:
      'Column {column} of {file} is of the type {own}, which the database of the target does not have: it is {type} in a new table.',
    hint: 'Every value is there. To keep the type, make it in the database of the target before, or make the table.',
    example: {
      column: 'mood',
      file: 'postgres://warehouse/public.people',
      own: '"public"."mood"',
      type: 'text',
    },
  },
  fields_dropped: {
    meaning: 'fields of the files were left out, as `--drop` says',
    message: 'Fields of the files were left out, as the spec says: {some}.',
    hint: null,
    example: { some: '"comment", "internal note"' },
  },
  names_changed: {
    meaning: 'columns of the table have other names than the header has',
    message: 'These columns are not called as in the header: {some}.',
    hint: '{advice}',
    example: {
      some: '"Trip ID" is trip_id, "Started" is started',
      advice: 'To keep the names as they are written, say `--names as-is`.',
    },
  },
  text_trimmed: {
    meaning: 'rows had text behind the last column, which `--ragged trim` or `fit` dropped',
    message: '{count} rows had text behind the last column, in {fields} fields: it was dropped.',
    hint: 'To keep it, name the further fields with `--columns`; without `--ragged` such rows are rejects.',
    example: { count: 12, fields: 14 },
  },
  rows_padded: {
    meaning:
      'rows had fewer fields than there are columns, which `--ragged pad` or `fit` filled up',
    message: '{count} rows had too few fields: columns without a field are NULL there.',
    hint: 'Without `--ragged` such rows are rejects, which can be corrected.',
    example: { count: 12 },
  },
  column_trimmed: {
    meaning: 'nearly every row has text in a field for which there is no column: it was dropped',
    message:
      'Field {field} has no column, but text in {count} of {rows} rows: all of it was dropped.',
    hint: 'The header is likely too short: name all fields with `--columns`.',
    example: { field: 6, count: 980, rows: 1000 },
  },
  rejects_likely: {
    meaning: 'rows were rejected for what a flag may well mend',
    message: '{rows} rejected. The first: {first}.',
    hint: '{likely}',
    example: {
      rows: '5 rows were',
      first: '/data/trips.csv line 8, column fare: not a valid numeric: "12,50"',
      likely: 'The numbers in fare may be read with `--decimal ,`.',
    },
  },
  column_became_text: {
    meaning: 'nearly all values of a column are of one type, and the others made it text',
    message:
      'Column {column} became text: {values} no {type}, the first is {value} in {file}, line {line}.{also}',
    hint: '{advice}',
    example: {
      column: 'zip',
      values: '2 values are',
      type: 'bigint',
      value: '"00501"',
      file: '/data/trips.csv',
      line: 812,
      also: ' As bigint it would have NULL for 4 more values: "n/a".',
      advice: 'With `--schema freeze` it is bigint, and 2 rows of the ingest would be rejected.',
    },
  },
  offset_is_text: {
    meaning: 'timestamps with offsets are text: a timestamptz keeps the moment, not the offset',
    message:
      'Column {column} is text, for its timestamps have offsets that a timestamptz would forget: {value} in {file}, line {line}.',
    hint: 'If the moments are enough, make the table yourself, with a timestamptz.',
    example: {
      column: 'started_at',
      value: '"2025-01-31T17:04:05+02:00"',
      file: '/data/trips.csv',
      line: 2,
    },
  },
  null_words: {
    meaning: 'words for NULL beside the values of a type, which are NULL in that column',
    message:
      'Column {column} is {type}, and {words} {was} taken for NULL in it: {values}, the first in {file}, line {line}.',
    hint: 'To keep the words, say `--types text`, which makes text of all columns. With `{flag}` they are NULL in columns of text as well.',
    example: {
      column: 'fare',
      type: 'numeric',
      words: '"n/a"',
      was: 'was',
      values: '2 values',
      file: '/data/trips.csv',
      line: 5,
      flag: "--null '' --null n/a",
    },
  },
} as const satisfies Record<string, NoteRow>)
