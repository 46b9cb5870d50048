/** What a mode asks of its target, and what it does not do to it. */
import { withExamples } from './examples.ts'
import type { HttpRow } from './row.ts'

export const modeErrors = withExamples({
  mode_column_missing: {
    status: 422,
    kind: 'user',
    message: '{what} has no column {column}, which `{option}` names.',
    hint: 'It has these: {columns}. Name one of them with `{option}`, as the table has it.',
    example: {
      what: 'The table public.trips',
      column: 'Trip ID',
      option: '--key',
      columns: 'trip_id, fare',
    },
  },
  key_not_unique: {
    status: 422,
    kind: 'user',
    message: 'The table {table} has no unique index on {columns}, by which rows are to be found.',
    hint: 'Make it with `{sql}`, then start the ingest again. A partial, deferrable or invalid one does not do.',
    example: {
      table: 'public.trips',
      columns: '"id"',
      sql: 'create unique index on "public"."trips" ("id")',
    },
  },
  target_referenced: {
    status: 422,
    kind: 'user',
    message: 'The rows of {table} cannot be replaced: other tables refer to them by {keys}.',
    hint: 'They are replaced under foreign keys without an action on delete that have an index on their columns: alter the keys, make the index, or append with `--mode append` (`target.mode` of the spec).',
    example: {
      table: 'public.trips',
      keys: 'invoices_trip_id_fkey of invoices (no index on trip_id)',
    },
  },
  deletes_over_max: {
    status: 422,
    kind: 'data',
    message:
      '{rows} of {where} are not in the files, and would be {gone}; {max} may be {gone} at most.',
    hint: 'Nothing was published. Look whether the files are complete. If they are, allow it and start a new ingest: `--max-deletes {count}` (`target.maxDeletes` of the spec).',
    example: {
      rows: '730 of 1000 rows',
      where: 'public.trips',
      gone: 'deleted',
      max: '10%',
      count: 730,
    },
  },
  target_cascades: {
    status: 422,
    kind: 'user',
    message:
      'The table {table} cannot be filled with `--undo`: rows of other tables go or change along with its own by {key}, and would not come back.',
    hint: 'Leave `--undo` of `sluice ingest` out (`target.undo` of the spec), or give the foreign key no action: rows that others refer to then cannot go.',
    example: { table: 'public.trips', key: 'invoices_trip_id_fkey of invoices' },
  },
  soft_delete_in_file: {
    status: 422,
    kind: 'user',
    message: 'The file {file} has the column {column}, which `--soft-delete` is to set.',
    hint: 'Leave the field out: `--drop {column}` (`target.drop` of the spec). To delete the rows that the files mark, say `--mode merge --delete-when {column}`.',
    example: { file: '/data/trips.csv', column: 'deleted_at' },
  },
  period_column_in_file: {
    status: 422,
    kind: 'user',
    message: 'The file {file} has the column {column}, which the mode history fills itself.',
    hint: 'Leave the field out with `--drop {column}` (`target.drop` of the spec), or give its column another name: `--rename {column}=other` (`target.rename`). If it says since when a row is as it is, name that one with `--valid-from other`. The table may have its periods in other columns: `--period-columns` (`target.periodColumns`).',
    example: { file: '/data/trips.csv', column: 'valid_from' },
  },
  history_not_kept: {
    status: 422,
    kind: 'user',
    message: 'The table {table} cannot keep a history of its rows: {problem}.',
    hint: 'Make it ready with `{sql}`, then start the ingest again. `sluice ingest --mode history` makes a new table so by itself.',
    example: {
      table: 'public.trips',
      problem: 'it has no unique index on ("id") where "is_current"',
      sql: 'create unique index on "public"."trips" ("id") where "is_current"',
    },
  },
  valid_from_not_time: {
    status: 422,
    kind: 'user',
    message:
      'The column {column}, which `--valid-from` names, is {type}: a period begins at a date or at a timestamp.',
    hint: 'For a new table say `--column {column}=timestamptz` (`target.columns` of the spec): what is no time makes a reject then. In a table that is there, change the type of the column.',
    example: { column: 'updated_at', type: 'text' },
  },
} as const satisfies Record<string, HttpRow>)
