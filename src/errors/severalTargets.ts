/** What keeps the files of one source from several targets. */
import { withExamples } from './examples.ts'
import type { HttpRow } from './row.ts'

export const severalTargets = withExamples({
  file_without_target: {
    status: 422,
    kind: 'user',
    message: 'None of the targets is for the file {file}: it matches none of {globs}.',
    hint: "Nothing was loaded. Add a target for it with `--into 'GLOB=schema.table'`, or have such files left out with `--unmatched skip` (`unmatched` of the spec).",
    example: { file: '/data/stations.csv', globs: 'orders*.csv, customers*.csv' },
  },
  file_names_no_table: {
    status: 422,
    kind: 'user',
    message: 'The file {file} gives no name to the table {table}: {problem}.',
    hint: "Rename the file, or put a target for it in front: `--into 'GLOB=schema.table'`.",
    example: {
      file: '/data/---.csv',
      table: 'public.NAME',
      problem: 'its name has neither a letter nor a digit',
    },
  },
  targets_collide: {
    status: 422,
    kind: 'user',
    message: 'The targets of {match} and of {other} are both the table {table}.',
    hint: 'Nothing was loaded. Bring all files of a table by one target, with a glob that matches them all.',
    example: { match: 'orders*.csv', other: 'returns*.csv', table: 'public.orders' },
  },
  targets_too_many: {
    status: 422,
    kind: 'user',
    message: 'The files go to more than {max} tables.',
    hint: 'Nothing was loaded. Start several ingests, each with some of the files.',
    example: { max: 100 },
  },
  target_cancelled: {
    status: 409,
    kind: 'user',
    message: 'The ingest of the target {table} was cancelled.',
    hint: 'Start the ingest again, with another id or with none.',
    example: { table: 'public.orders' },
  },
  targets_without_files: {
    status: 422,
    kind: 'user',
    message: 'None of the targets is for any file of {path}: {files}.',
    hint: "Nothing was loaded. Correct the globs of `--into 'GLOB=schema.table'` (`targets` of the spec): they are for the names of files.",
    example: { path: '/data/shop', files: '/data/shop/stations.csv' },
  },
  target_id_used: {
    status: 409,
    kind: 'user',
    message: 'The id {ingestId} is that of a target of the ingest {partOf}, which was taken back.',
    hint: 'Use another id, or none: its files are loaded anew then.',
    example: { ingestId: 'shop-1.target-2', partOf: 'shop-1' },
  },
  several_targets: {
    status: 409,
    kind: 'user',
    message: 'The ingest {ingestId} has several targets, and {what} is for one of them.',
    hint: 'Name the ingest of the target: `sluice status {ingestId}` lists them.',
    example: { ingestId: 'shop-1', what: 'a retry of its rejects' },
  },
} as const satisfies Record<string, HttpRow>)
