/** What is wrong with the files of a source, or with the stage. */
import type { HttpRow } from './row.ts'

export const files = {
  source_empty: {
    status: 422,
    kind: 'user',
    message: 'No file matches {path}.',
    hint: 'The path is looked up on the machine of the worker.',
  },
  source_not_a_file: {
    status: 422,
    kind: 'user',
    message: '{path} is {what}, and no file or folder.',
    hint: 'A source is read more than once: write what comes out of it to a file, and name that.',
  },
  glob_invalid: {
    status: 422,
    kind: 'user',
    message: 'The glob {path} cannot be used: {problem}.',
    hint: 'See docs/files.md for what a glob may have. Name the folder, or several simpler globs.',
  },
  archive_empty: {
    status: 422,
    kind: 'data',
    message: 'The archive {path} holds no file.',
    hint: 'Look into it with `unzip -l`, and pack it again with the files in it.',
  },
  file_name_invalid: {
    status: 422,
    kind: 'user',
    message: 'The name of the file {file} is not UTF-8: {bytes}.',
    hint: 'Rename the file, and ingest it again. The rest of its folder was not read.',
  },
  source_left_out: {
    status: 422,
    kind: 'user',
    message: 'No file of {path} is data by its name: {files}.',
    hint: 'Documents and what systems leave behind are left out of folders and archives. Name a file itself to load it.',
  },
  source_without_records: {
    status: 422,
    kind: 'data',
    message: 'No file of the source has a header or a record, so there are no columns for {table}.',
    hint: 'Create the table first, or add a header to the file.',
  },
  path_not_allowed: {
    status: 403,
    kind: 'user',
    message: 'The path {path} is outside the folders that this worker may read: {roots}.',
    hint: 'Set SLUICE_SOURCE_ROOTS on the worker to the folders that ingests may read.',
  },
  file_unreadable: {
    status: 422,
    kind: 'user',
    message: 'The file {file} cannot be read: {problem}.',
    hint: 'It must be a regular file, which the worker may read, or the command that sends it.',
  },
  file_changed: {
    status: 409,
    kind: 'data',
    message: 'The file {file} changed after it was listed: {problem}.',
    hint: 'Nothing was published. Start a new ingest when nobody writes to the file any more.',
  },
  file_vanished: {
    status: 409,
    kind: 'data',
    message: 'The file {file} vanished after it was listed.',
    hint: 'Nothing was published. Start a new ingest when the file is back.',
  },
  staged_file_damaged: {
    status: 500,
    kind: 'data',
    message: 'The staged copy of {file} is not what was staged: {problem}.',
    hint: 'Somebody changed the stage folder. Nothing was published; start a new ingest.',
  },
  stage_full: {
    status: 507,
    kind: 'capacity',
    message: 'The stage has no room left for {file}.',
    hint: 'Free some space in the stage folder. An ingest goes on by itself; send an upload again.',
  },
  not_csv: {
    status: 422,
    kind: 'data',
    message: 'The file {file} does not look like CSV: {problem}.',
    hint: 'Sluice reads text with one record a line. Name the encoding if it has another one, as in `--encoding shift_jis` (`format.encoding`); else convert the file first.',
  },
  packed_file_damaged: {
    status: 422,
    kind: 'data',
    message: 'The packed file {file} is damaged: {problem}.',
    hint: 'Nothing was published. Test it with gzip -t, zstd -t or unzip -t; copy or pack it again.',
  },
  packing_unsupported: {
    status: 422,
    kind: 'data',
    message: 'The file {file} is packed in a way that Sluice does not read: {problem}.',
    hint: 'Sluice reads gzip, zstd and zip (deflate, without a password), one within a zip. Unpack it first.',
  },
  unpack_limit: {
    status: 422,
    kind: 'data',
    message: 'Unpacking {file} was stopped: {problem}.',
    hint: 'If you trust the file, raise {setting} on the worker and start a new ingest.',
  },
  file_unknown: {
    status: 422,
    kind: 'data',
    message: 'No name in the header of {file} is known: {columns}. Known are {known}.',
    hint: 'If it does not belong there, take it out of the source. {advice} Else load it by itself.',
  },
  file_without_header: {
    status: 422,
    kind: 'data',
    message: 'The file {file} has no header, though {first} has one: {columns}.',
    hint: 'If it does not belong there, take it out of the source. {advice} Else load it by itself.',
  },
  files_mostly_skipped: {
    status: 422,
    kind: 'data',
    message: 'More files have no known name ({count}) than have one: {files}.',
    hint: 'The first file of the source gives the names. If it is the odd one, leave it out.',
  },
  columns_too_many: {
    status: 422,
    kind: 'data',
    message: 'The file {file} has {count} columns; a table can have at most 1600.',
    hint: 'Split the file by columns, or check the delimiter.',
  },
} as const satisfies Record<string, HttpRow>
