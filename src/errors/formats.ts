/** What is wrong with a file of one format. */
import { withExamples } from './examples.ts'
import type { HttpRow } from './row.ts'

export const formats = withExamples({
  not_csv: {
    status: 422,
    kind: 'data',
    message: 'The file {file} does not look like CSV: {problem}.',
    hint: 'Sluice reads text with one record a line. {advice}.',
    example: {
      file: '/data/trips.parquet',
      problem: 'it is a Parquet file',
      advice: 'Convert the file to CSV first',
    },
  },
  not_json: {
    status: 422,
    kind: 'data',
    message: 'The file {file} does not look like {format}: {problem}.',
    hint: 'Name its format, as in `--format csv` (`format.kind`), or convert the file first.',
    example: { file: '/data/trips.txt', format: 'NDJSON', problem: 'it begins with "id,name"' },
  },
  widths_missing: {
    status: 422,
    kind: 'user',
    message: 'Where the columns of {file} are is not said.',
    hint: 'Say it with `--widths` (`format.widths`). By its first lines it may be `{proposal}`.',
    example: { file: '/data/trips.txt', proposal: '--widths id:6,name:20 --skip-rows 1' },
  },
  document_broken: {
    status: 422,
    kind: 'data',
    message: 'The document {file} is broken: {problem}.',
    hint: 'Nothing was published. Copy it again, or close its brackets.',
    example: {
      file: '/data/trips.json',
      problem: 'text follows behind its end',
    },
  },
  parquet_unreadable: {
    status: 422,
    kind: 'data',
    message: 'The file {file} cannot be read as Parquet: {problem}.',
    hint: 'Nothing was published. If the file is whole elsewhere, copy it again; else write it anew.',
    example: { file: '/data/trips.parquet', problem: 'no magic bytes found at the end of it' },
  },
  parquet_lossy: {
    status: 422,
    kind: 'data',
    message: 'The column {column} of {file} is a {type}, which would lose digits.',
    hint: 'Numbers of up to 38 digits are read. Write the column as text, or with fewer digits.',
    example: { column: 'amount', file: '/data/trips.parquet', type: 'decimal(60,2)' },
  },
  avro_unreadable: {
    status: 422,
    kind: 'data',
    message: 'The file {file} cannot be read as Avro: {problem}.',
    hint: 'Nothing was published. If the file is whole elsewhere, copy it again; else write it anew.',
    example: { file: '/data/trips.avro', problem: 'block 12: the file ends within it' },
  },
  avro_codec: {
    status: 422,
    kind: 'data',
    message: 'The blocks of {file} are packed with {codec}, which is not read.',
    hint: 'Write the file anew with one of these codecs: {known}.',
    example: { file: '/data/trips.avro', codec: 'xz', known: 'null, deflate, snappy, zstandard' },
  },
  format_not_installed: {
    status: 422,
    kind: 'data',
    message: 'The file {file} is {format}, which this worker cannot read: {package} is missing.',
    hint: 'On the worker, run `npm install {package}`, and start it again.',
    example: { file: '/data/trips.parquet', format: 'Parquet', package: '@duckdb/node-api' },
  },
  not_xlsx: {
    status: 422,
    kind: 'data',
    message: 'The file {file} is no workbook of Excel.',
    hint: 'Without `--format` each file is read as what it is. An .xls or .ods file is saved as .xlsx first.',
    example: { file: '/data/trips.csv' },
  },
  spreadsheet_unsupported: {
    status: 422,
    kind: 'data',
    message: 'The file {file} is {what}.',
    hint: 'Open it in a spreadsheet program, and save it as .xlsx without a password, or as CSV.',
    example: { file: '/data/trips.xls', what: 'a workbook of Excel before 2007 (.xls)' },
  },
  workbook_damaged: {
    status: 422,
    kind: 'data',
    message: 'The workbook {file} cannot be read: {problem}.',
    hint: 'Nothing was published. Open it in a spreadsheet program, and save it again, as .xlsx or as CSV.',
    example: { file: '/data/trips.xlsx', problem: 'its part xl/worksheets/sheet1.xml is missing' },
  },
  sheet_unknown: {
    status: 422,
    kind: 'user',
    message: 'The workbook {file} has no sheet {sheet}. Its sheets are {sheets}.',
    hint: 'Name one of them with `--sheet`, by its name or its number; without it all are read.',
    example: { file: '/data/trips.xlsx', sheet: 'May', sheets: '1 January, 2 February' },
  },
  sheets_several: {
    status: 422,
    kind: 'user',
    message:
      'The workbook {file}, as the last step left it, has not one sheet with cells but these: {sheets}.',
    hint: 'Name one with `--sheet`, or ingest the workbook without steps: then each sheet is a file.',
    example: { file: '/data/trips.xlsx', sheets: 'January, February' },
  },
} as const satisfies Record<string, HttpRow>)
