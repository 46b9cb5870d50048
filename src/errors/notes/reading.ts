/** What is told of how a file is read: its header, encoding, delimiter and terms. */
import { withExamples } from '../examples.ts'
import type { NoteRow } from './row.ts'

export const readingNotes = withExamples({
  no_header: {
    meaning: 'the first record looks like data, so the columns have no names of their own',
    message: '{file} has no header: its first record was read as data.',
    hint: 'If it has one, say `--header`; `--columns` gives names.',
    example: { file: '/data/trips.csv' },
  },
  lines_skipped: {
    meaning: 'lines in front of the header or the data were left out as titles or remarks',
    message: 'The {lines} of {file} {was} left out as {what}.',
    hint: 'If {they} data, say `--skip-rows 0`.',
    example: {
      lines: 'first 2 lines',
      file: '/data/trips.csv',
      was: 'were',
      what: 'titles or comments',
      they: 'they are',
    },
  },
  header_left_out: {
    meaning:
      'names were given, and the first record looks like a header, so it was not loaded either',
    message: 'The {what} of {file} {was} taken for a header and not loaded: {list}.',
    hint: 'If it is data, say `--no-header`.',
    example: {
      what: 'first record',
      file: '/data/trips.csv',
      was: 'was',
      list: 'trip_id, started_at, fare',
    },
  },
  header_completed: {
    meaning: 'the header has fewer names than most records have fields',
    message: 'The header of {file} names {names} of {fields} fields; the others are {list}.',
    hint: 'To name them, say `--columns`.',
    example: { file: '/data/trips.csv', names: 4, fields: 6, list: 'column_5, column_6' },
  },
  row_names: {
    meaning: 'the header lacks the name of the first field, as R writes the names of rows',
    message: 'The header of {file} has no name for the first field, which is column_1.',
    hint: 'To name it, say `--columns`.',
    example: { file: '/data/trips.csv' },
  },
  header_commented: {
    meaning: 'the header begins with the mark of a comment, which is no part of its first name',
    message: 'The header of {file} begins with {mark}, which was left out of its first name.',
    hint: 'To name the fields yourself, say `--columns`. If it is a comment, say `--skip-rows {lines}`.',
    example: { file: '/data/trips.csv', mark: '#', lines: 1 },
  },
  header_cut: {
    meaning: 'the header has more delimiters than the records, and nothing stands between them',
    message: 'Left out of the header of {file}: {count} empty names at its end.',
    hint: 'To name the fields yourself, say `--columns`.',
    example: { file: '/data/trips.csv', count: 3 },
  },
  header_rows: {
    meaning:
      'several records in front have names, or the first one comes twice, so all are the header',
    message: 'The header of {file} has {count} rows: a name is made of the words above its column.',
    hint: 'If only the first one is the header, say `--header 1`.',
    example: { file: '/data/trips.csv', count: 2 },
  },
  header_otherwise: {
    meaning: 'the header is split at something else than the records',
    message: 'The header of {file} is split at {shown}, unlike its records.',
    hint: 'To name the fields yourself, say `--columns`.',
    example: { file: '/data/trips.csv', shown: '","' },
  },
  header_wider: {
    meaning: 'the header has more names than most records have fields, so they are rejects',
    message:
      'The header of {file} has {names} names, and most of its records have {fields} fields.',
    hint: 'If the last fields are missing, say `--ragged pad`; else name the fields with `--columns`.',
    example: { file: '/data/trips.csv', names: 6, fields: 5 },
  },
  encoding_guessed: {
    meaning: 'the bytes are not UTF-8, and nothing says what they are: the encoding is a guess',
    message: 'The bytes of {file} are not UTF-8, and were read as {encoding}.',
    hint: 'If its letters are wrong, name the encoding with `--encoding`.',
    example: { file: '/data/trips.csv', encoding: 'windows-1252' },
  },
  encoding_doubtful: {
    meaning: 'an encoding was given, and the bytes are right in UTF-8, which others rarely are',
    message:
      'The bytes of {file} are UTF-8 by their form, and were read as {encoding}, as was said.',
    hint: 'If its letters are wrong, leave `--encoding` out.',
    example: { file: '/data/trips.csv', encoding: 'windows-1252' },
  },
  characters_replaced: {
    meaning: 'bytes that are no character of the encoding were read as U+FFFD',
    message:
      'Bytes of {file} that are no character in {encoding} were read as U+FFFD (�): {count}.',
    hint: 'If the file is written otherwise, name its encoding with `--encoding`.',
    example: { file: '/data/trips.csv', encoding: 'shift_jis', count: 3 },
  },
  nanoseconds_cut: {
    meaning: 'values have more digits of a second than PostgreSQL keeps, so these were cut off',
    message: 'Nanoseconds in column {column} of {file} were cut off: {count} values.',
    hint: 'PostgreSQL keeps microseconds. To keep them, write the column as text or as a number.',
    example: { column: 'started_at', file: '/data/trips.parquet', count: 12 },
  },
  nanoseconds_unseen: {
    meaning: 'the type of the column has nanoseconds, and nobody looked whether its values do',
    message: 'Nanoseconds in column {column} of {file} were cut off, if there were any.',
    hint: 'PostgreSQL keeps microseconds. To keep them, write the column as text or as a number.',
    example: { column: 'started_at', file: '/data/trips.parquet' },
  },
  delimiter_guessed: {
    meaning: 'an unusual delimiter was found: it may be a part of the values',
    message: 'The fields of {file} were split at {shown}.',
    hint: 'If that is wrong, say `--delimiter`.',
    example: { file: '/data/trips.csv', shown: '"~"' },
  },
  no_delimiter: {
    meaning: 'nothing splits the records into the same number of fields, so each line is one field',
    message: 'No delimiter was found in {file}: each line is one field.',
    hint: 'If its lines have several fields, say what stands between them, as with {flags}.',
    example: { file: '/data/trips.csv', flags: "`--delimiter ','` or `--delimiter ' '`" },
  },
  lines_quoted: {
    meaning: 'each line stands in quotes as a whole, so its delimiters are a part of one value',
    message: 'Each line of {file} stands in quotes as a whole, so it is one field.',
    hint: 'Take these quotes away first, as with {command}.',
    example: { file: '/data/trips.csv', command: '`sed -E \'s/^"|"(\\r?)$/\\1/g; s/""/"/g\'`' },
  },
  quotes_are_text: {
    meaning:
      'a few records have quotes within a field that does not begin with one: they are text, as a delimiter there is none',
    message:
      '{records} of {file} with quotes inside of a field that does not begin with one, the first in line {line}: these quotes were read as text.',
    hint: 'Look at that line. Where a delimiter is missing in front of the quotes, put it into the file and load the file again.',
    example: { records: '3 records', file: '/data/trips.csv', line: 812 },
  },
  quotes_are_usual: {
    meaning:
      'many records have quotes within a field, such as inch marks: they are text, as they should be',
    message:
      '{records} of {file} with quotes that are text, such as inch marks, the first in line {line}.',
    hint: null,
    example: { records: '900 records', file: '/data/parts.csv', line: 2 },
  },
  records_empty: {
    meaning:
      'records of delimiters only, or blank lines of a single column, are rows without a value',
    message:
      '{records} of {file} with nothing in any field, the first in line {line}: they are rows like any other.',
    hint: 'If they are to be left out, take them out of the file, or delete the rows whose columns are all NULL.',
    example: { records: '12 records', file: '/data/trips.csv', line: 812 },
  },
  delimiter_ends_lines: {
    meaning: 'nothing stands behind the last delimiter of any line, and that field has no name',
    message:
      'Each line of {file} ends with a delimiter: field {field}, behind it, has neither a name nor a value.',
    hint: 'To have no column for it, name the other fields with `--columns` and say `--ragged trim`.',
    example: { file: '/data/trips.csv', field: 7 },
  },
  terms_unsure: {
    meaning: 'how numbers or dates are written could not be told, so they were taken as they are',
    message: '{problem} ({where} of {file}), so such values stay as they are.',
    hint: 'If you know it, say {flag}.',
    example: {
      problem: '1,234 may be a number with thousands or with decimals',
      where: 'column fare',
      file: '/data/trips.csv',
      flag: '`--decimal` or `--thousands`',
    },
  },
  terms_guessed: {
    meaning:
      'a decimal comma, marks between thousands, or the order of day and month was found in the values, which are read so',
    message: '{what}: {value} in {where} of {file} means {read}.',
    hint: 'To settle that, say {flag}. {otherwise}.',
    example: {
      what: 'Dates are taken to have the day first',
      value: '"31.12.2024"',
      where: 'column started_at',
      file: '/data/trips.csv',
      read: '2024-12-31',
      flag: '`--dates DMY`',
      otherwise: 'If it does not come first, say `--dates MDY`',
    },
  },
} as const satisfies Record<string, NoteRow>)
