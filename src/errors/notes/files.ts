/** What is told of the files of a source: those left out, and those unlike the others. */
import { withExamples } from '../examples.ts'
import type { NoteRow } from './row.ts'

export const fileNotes = withExamples({
  files_loaded_before: {
    meaning: 'an earlier ingest has appended the same files (names, sizes, versions) to the target',
    message: 'The same files were loaded into {table} before, by the ingest {earlier}.',
    hint: 'Their rows may be there twice now. With `--id NAME` a command that comes again is the same ingest.',
    example: { table: 'public.trips', earlier: 'trips-20250131-x7k2p9' },
  },
  cells_merged: {
    meaning:
      'cells of a sheet are merged: the first of them has the value, and the others are NULL',
    message: '{file} has {count} merged ranges below its header: {some}.',
    hint: 'The value is in the first cell of each, and the others are NULL. To have it in all, fill the cells before.',
    example: { file: '/data/trips.xlsx/January', count: 2, some: 'B3:B5, B6:B7' },
  },
  rows_hidden: {
    meaning: 'rows that are hidden in a sheet, perhaps by a filter, were loaded like the others',
    message: '{file} has {count} hidden rows, which were loaded.',
    hint: 'If they are not to be loaded, delete them from the sheet.',
    example: { file: '/data/trips.xlsx/January', count: 12 },
  },
  columns_hidden: {
    meaning: 'columns that are hidden in a sheet were loaded like the others',
    message: '{file} has {count} hidden columns, which were loaded: {some}.',
    hint: null,
    example: { file: '/data/trips.xlsx/January', count: 2, some: 'C, D' },
  },
  sheet_hidden: {
    meaning: 'a sheet that is hidden in its workbook was loaded like the others',
    message: 'The sheet {file} is hidden, and was loaded.',
    hint: 'To load another one alone, say `--sheet`.',
    example: { file: '/data/trips.xlsx/lists' },
  },
  files_left_out: {
    meaning:
      'files that are no data, such as a README or a PDF, or that `--exclude`, `--newer-than` or `--older-than` leave out, were not loaded',
    message: 'These files were left out ({why}): {some}.',
    hint: 'To load a document or a hidden file, name it itself instead of its folder.',
    example: { why: 'a document', some: '/data/README.md, /data/prices.pdf' },
  },
  files_without_target: {
    meaning: 'files that no target is for were not loaded, as `--unmatched skip` says',
    message: 'No target is for these files, and they were left out: {some}.',
    hint: null,
    example: { some: '/data/stations.csv' },
  },
  target_without_files: {
    meaning: 'of several targets one gets no file: nothing becomes of its table',
    message: 'No file matches {match}: nothing was done to {table}.',
    hint: null,
    example: { match: 'customers*.csv', table: 'public.customers' },
  },
  files_skipped: {
    meaning: 'files that share no name with the others were not loaded, as `--unknown-files` says',
    message: 'These files were left out, for no name in their header is known: {some}.',
    hint: null,
    example: { some: '/data/drivers.csv, /data/stations.csv' },
  },
  files_without_records: {
    meaning: 'files that are not empty have no record: a header at most',
    message: 'These files are not empty, and have no record behind the header: {some}.',
    hint: 'If they should have some, see with `--dry-run` how they are read.',
    example: { some: '/data/feb.csv' },
  },
  files_by_position: {
    meaning:
      'files without a header were read in the order of the first table, as `--unknown-files` says',
    message: 'These files have no header, and their fields were taken in order: {some}.',
    hint: null,
    example: { some: '/data/feb.csv, /data/mar.csv' },
  },
  files_otherwise: {
    meaning: 'files that are written otherwise than the first table were read in their own way',
    message: 'These files are written otherwise than the first table: {some}.',
    hint: 'To read all files alike, say {flags}.',
    example: { some: '/data/feb.csv (delimiter ";" instead of ",")', flags: '`--delimiter`' },
  },
  heads_alike: {
    meaning: 'more files have a note that was told in full for the first ones',
    message: 'The same ({code}) holds for more files ({count}): {some}.',
    hint: null,
    example: {
      code: 'no_header',
      count: 7,
      some: '/data/apr.csv, /data/aug.csv, /data/dec.csv, /data/jul.csv, /data/jun.csv and 2 more',
    },
  },
} as const satisfies Record<string, NoteRow>)
