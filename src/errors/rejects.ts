/** The reject table: why a single row could not be taken. */
import { cleanText } from './clean.ts'
import { type Example, withExamples } from './examples.ts'
import { fill, type Params } from './fill.ts'

export interface RejectRow {
  meaning: string
  /** What `sluice.rejects.error` says; `{name}` is filled from the parameters. */
  message: string
  hint: string
  /** A value for each name in the message: see examples.ts. Absent where it has none. */
  example?: Example
  /** What stands in a file with the columns id and amount; absent where that cannot be shown. */
  record?: string
}

export const rejectTable = withExamples({
  '22P02': {
    meaning:
      'a value does not fit the type of the column that is named; COPY skipped the row, and says no more than that',
    message: 'not a valid {type}: {value}',
    hint: 'Correct the value, or give the column a wider type (`--types text` for a new table).',
    example: { type: 'numeric', value: '"n/a"' },
    record: '7,n/a',
  },
  wrong_column_count: {
    meaning: 'the record has another number of fields than its file has columns',
    message: '{fields} instead of {width}',
    hint: 'Add or take out fields, or say `--ragged`; a delimiter within a value wants quotes.',
    example: { fields: '3 fields', width: 2 },
    record: '7,12,50',
  },
  wrong_line_width: {
    meaning:
      'a line of a file of fixed width that is shorter than its columns, or has more than blanks behind them',
    message: '{found} instead of {width}',
    hint: 'Correct the line, or say `--ragged`. If all lines are so, correct `--widths`.',
    example: { found: '31 characters', width: 35 },
  },
  repeated_header: {
    meaning: 'the header comes again, which is no row where `--repeated-headers reject` is said',
    message: 'the header comes again',
    hint: 'Nothing is lost. If it is a row all the same, load the file without `--repeated-headers`.',
    record: 'id,amount',
  },
  quote_not_closed: {
    meaning:
      'a quote never closes, or stands where none may in a record of several lines; `raw` is the first line',
    message: 'a quote is never closed',
    hint: 'Close the quote. One that belongs to the value is doubled.',
    record: '7,"12.50',
  },
  quote_misplaced: {
    meaning:
      'a field begins with a quote, and behind its closing quote stands something else than a delimiter or a line end; `raw` is the line',
    message: 'text follows the closing quote of field {field}',
    hint: 'Double the quotes that belong to the value, or name the quote and the escape of the file (`--quote`, `--escape`).',
    example: { field: 2 },
    record: '7,"12"50',
  },
  invalid_utf8: {
    meaning: 'bytes that are not UTF-8; `raw_bytes` has them',
    message: 'bytes that are not UTF-8',
    hint: 'Convert the record to UTF-8, or name the encoding of the file: `--encoding windows-1252`.',
    record: '7,12\\xE9',
  },
  nul_byte: {
    meaning: 'a NUL byte, which PostgreSQL cannot store in text; `raw_bytes` has it',
    message: 'a NUL byte',
    hint: 'Take the NUL byte out.',
    record: '7,12\\x00',
  },
  not_cells: {
    meaning: 'a corrected row of a workbook that is no JSON array of its cells: see docs/xlsx.md',
    message: 'no JSON array of cells: {problem}',
    hint: 'Write the row as it was, like [7,"text",null].',
    example: { problem: 'text follows its ]' },
  },
  error_cell: {
    meaning: 'a cell of a workbook has an error, like #N/A or #DIV/0!, in place of a value',
    message: 'the cell has the error {value}',
    hint: 'Correct the cell, or say `--error-cells null`.',
    example: { value: '"#N/A"' },
  },
  json_invalid: {
    meaning: 'a record of NDJSON or JSON that is no valid JSON; `raw` is the line, or the element',
    message: 'no valid JSON: {problem} at character {place}, near {near}',
    hint: 'Correct the record. JSON has no NaN, no comma behind the last value, and no comments.',
    example: { problem: 'no value', place: 8, near: '"NaN"' },
  },
  json_structure: {
    meaning:
      'a place where a document of JSON is broken: an element without a comma in front of it, a comma without an element, or the end before all is closed',
    message: 'the document is broken: {problem}',
    hint: 'Is the document whole? Correct the element: it is loaded as a record by itself.',
    example: { problem: 'no comma in front of this element' },
  },
  json_no_object: {
    meaning: 'a record of NDJSON or JSON that is no object, so its values have no names',
    message: '{what} in place of an object',
    hint: 'Make an object of it, with a key for each value.',
    example: { what: 'a list' },
  },
  json_character: {
    meaning:
      'a text of NDJSON or JSON with a character that PostgreSQL cannot store: `\\u0000`, or half of a surrogate pair',
    message: '{problem} at character {place}, near {near}',
    hint: 'Take the character out of the record.',
    example: { problem: 'half of a surrogate pair', place: 7, near: '"\\ud83d"' },
  },
  key_unknown: {
    meaning:
      'a record of NDJSON or JSON has a key that the table has no column for, and gets none with `--schema freeze`',
    message: 'the table has no column for the key {key}',
    hint: 'Say `--schema evolve` to add a column, or take the key out of the record.',
    example: { key: 'nmae' },
  },
  left_out: {
    meaning:
      'a record that was rejected, and that the `--where` of its ingest leaves out now that it can be read',
    message: 'the condition leaves it out',
    hint: 'It stays a reject. Correct the record so that the condition holds, or leave it.',
  },
  record_too_long: {
    meaning: 'longer than 16 MiB; the first 1 MiB is kept',
    message: 'the record is longer than {max} bytes; the first {kept} are kept',
    hint: 'Look for a quote that swallows lines, or shorten the value.',
    example: { max: 16777216, kept: 1048576 },
  },
  not_one_record: {
    meaning: 'a corrected row that is no record, or more than one: see docs/rejects.md',
    message: '{count} records in place of one',
    hint: 'Correct the raw text so that it is one record.',
    example: { count: 2 },
  },
  raw_unreadable: {
    meaning: 'a corrected row of a file that is no text, which is not written as its reject was',
    message: 'not a line of JSON with the values by column: {problem}',
    hint: 'Write it as the `raw` of its reject: an object, its values in quotes or null.',
    example: { problem: 'the number in "amount" wants quotes' },
  },
  row_superseded: {
    meaning: 'a reject that was loaded again, and for whose key the table has a newer row by now',
    message: 'the table has a newer row with this key',
    hint: 'Nothing needs to be done, unless the newer row is wrong.',
  },
  poison_record: {
    meaning: 'three workers died while they had nothing but this record in hand: see docs/csv.md',
    message: 'workers died while they loaded this record alone ({deaths} times and more)',
    hint: 'Look at the logs of the workers that died, and load the record by itself.',
    example: { deaths: 3 },
  },
} as const satisfies Record<string, RejectRow>)

/** What PostgreSQL said of a record when COPY aborted at it: the code is its SQLSTATE. */
export const otherReject: RejectRow = {
  meaning:
    'what PostgreSQL said of this record when COPY aborted at it: `23502` a NULL in a NOT NULL column, `23514` a check of a domain, and so on',
  message: '{message}',
  hint: 'Correct the row, or the rule of the table that it breaks.',
  example: {
    message: 'null value in column "id" of relation "priced" violates not-null constraint',
  },
  record: ',12.50',
}

export type RejectCode = keyof typeof rejectTable

/** The reason of a reject; its parameters are checked by the compiler. */
export const rejectReason = <C extends RejectCode>(
  code: C,
  params: Params<(typeof rejectTable)[C]['message']>,
): { code: C; error: string } => ({
  code,
  error: cleanText(fill(rejectTable[code].message, params)),
})
