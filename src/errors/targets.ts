/** What keeps rows from their target. */
import { withExamples } from './examples.ts'
import type { HttpRow } from './row.ts'

export const targets = withExamples({
  column_unknown: {
    status: 422,
    kind: 'user',
    message: 'The file {file} has columns that {table} does not have: {columns}.',
    hint: 'Let them be added with `--schema evolve` (`target.schema` of the spec), add them to the table yourself, or take them out of the file.',
    example: { file: '/data/trips.csv', table: 'public.trips', columns: 'tip, tolls' },
  },
  column_missing: {
    status: 422,
    kind: 'user',
    message: 'The file {file} lacks columns that {table} needs (not null, no default): {columns}.',
    hint: 'Add the columns to the file, or give them a default in the table.',
    example: { file: '/data/trips.csv', table: 'public.trips', columns: 'started_at' },
  },
  column_generated: {
    status: 422,
    kind: 'user',
    message: 'The file {file} brings values that {table} computes itself: {columns}.',
    hint: 'Take {them} out of the file, with the header: {table} computes the values.',
    example: {
      file: '/data/trips.csv',
      table: 'public.trips',
      columns: 'total is a generated column',
      them: 'it',
    },
  },
  columns_unmatched: {
    status: 422,
    kind: 'user',
    message:
      'The file {file} has {fileCount} fields and no header; {table} has {tableCount} columns.',
    hint: 'Without a header every column is taken by position. Add a header to name them.',
    example: { file: '/data/trips.csv', table: 'public.trips', fileCount: 4, tableCount: 5 },
  },
  target_reserved: {
    status: 400,
    kind: 'user',
    message: 'The target {table} is reserved: {problem}.',
    hint: 'Name a table of your own in a schema of your own, such as public.trips.',
    example: { table: 'sluice.trips', problem: 'schemas like sluice are for the ledger' },
  },
  target_not_a_table: {
    status: 422,
    kind: 'user',
    message: 'The target {table} is {what}, not an ordinary or partitioned table.',
    hint: 'Name a table.',
    example: { table: 'public.trips', what: 'a view' },
  },
  target_not_writable: {
    status: 403,
    kind: 'user',
    message: 'The target {table} cannot be written: {problem}.',
    hint: 'Grant the missing right to the database user of the worker.',
    example: { table: 'public.trips', problem: 'loader may not insert into it' },
  },
  schema_missing: {
    status: 422,
    kind: 'user',
    message: 'There is no schema {schema} in the database {database}, so {table} cannot be made.',
    hint: 'Make it with `create schema {schema}`, or name another one: schema.table.',
    example: { schema: 'shop', database: 'postgres', table: 'shop.trips' },
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
  sequence_behind: {
    status: 422,
    kind: 'data',
    message:
      'The sequence {sequence}, which numbers {column} of {table}, is behind its rows: {problem}.',
    hint: 'Set it behind them with `{setval}`, then start a new ingest, or the retry again.',
    example: {
      sequence: 'trips_id_seq',
      column: 'id',
      table: 'trips',
      problem:
        'duplicate key value violates unique constraint "trips_pkey": Key (id)=(1) already exists.',
      setval: "select setval('trips_id_seq', (select max(id) from trips))",
    },
  },
  target_refused: {
    status: 422,
    kind: 'data',
    message: 'The target {table} refused the rows: {problem}.',
    hint: 'Nothing was published. Correct the rows or the table, and start a new ingest.',
    example: { table: 'public.trips', problem: 'the trigger skip_short left out 2 rows of 1000' },
  },
  check_failed: {
    status: 422,
    kind: 'data',
    message: 'The check {check} failed: {problem}.',
    hint: 'Nothing was published. `sluice status {ingestId}` shows all checks. Correct the rows, or say `warn` in front of the check to publish all the same, and start a new ingest.',
    example: {
      check: 'not-null name',
      problem: 'name is NULL in 1 row: /data/trips.csv line 8 (name=NULL)',
      ingestId: 'trips-1',
    },
  },
  check_invalid: {
    status: 422,
    kind: 'user',
    message: 'The check {check} does not fit the rows: {problem}.',
    hint: 'Nothing was loaded. Correct `--expect` (`expect` of the spec): `sluice ingest --help` shows its forms.',
    example: { check: 'not-null nmae', problem: 'there is no column nmae; there are id, name' },
  },
  transform_invalid: {
    status: 422,
    kind: 'user',
    message: 'The rows that the transform makes do not fit {table}: {problem}.',
    hint: 'Nothing was published. Correct `--select` or `--where` (`target.select`, `target.where`): see `sluice ingest --help`.',
    example: { table: 'public.trips', problem: 'the table has no column cents' },
  },
  sql_refused: {
    status: 422,
    kind: 'user',
    message: 'The SQL of {what} is refused: {problem}.',
    hint: 'It may only compute with the columns of `rows` and functions of PostgreSQL. `sluice ingest --help` shows what is asked for.',
    example: {
      what: 'the check no-rows select * from users',
      problem: 'it reads another table than `rows`',
    },
  },
  no_temporary_tables: {
    status: 403,
    kind: 'user',
    message: 'The database user may make no temporary tables: {problem}.',
    hint: 'Grant it with `grant temporary on database … to …`, or leave out what needs it: `sluice ingest --help`.',
    example: { problem: 'SQL of a spec needs it' },
  },
  rejects_over_max: {
    status: 422,
    kind: 'data',
    message: '{rejected} of {read} rows were rejected; {max} are allowed. The first: {first}.',
    hint: 'An atomic ingest publishes nothing then. See them with `sluice rejects {ingestId}`. {likely} Or allow more: `--max-rejects`.',
    example: {
      ingestId: 'trips-1',
      rejected: 12,
      read: 1000,
      max: 5,
      first: '/data/trips.csv line 8, column fare: not a valid numeric: "12,50"',
      likely: 'The numbers in fare may be read with `--decimal ,`.',
    },
  },
  every_row_rejected: {
    status: 422,
    kind: 'data',
    message: 'Every row was rejected ({rejected}). The first: {first}.',
    hint: 'See them with `sluice rejects {ingestId}`. {likely} With `--max-rejects 100%` the ingest ends without a row.',
    example: {
      ingestId: 'trips-1',
      rejected: 1000,
      first: '/data/trips.csv line 2: 1 field instead of 4',
      likely: 'Most likely the fields are parted by something else: name it with `--delimiter`.',
    },
  },
  most_rows_rejected: {
    status: 422,
    kind: 'data',
    message:
      '{rejected} of {read} rows were rejected, which is more than half. The first: {first}.',
    hint: 'See them with `sluice rejects {ingestId}`. {likely} To load the others all the same: `--max-rejects 100%` (`rejects.max`).',
    example: {
      ingestId: 'trips-1',
      rejected: 730,
      read: 1000,
      first: '/data/trips.csv line 2: 3 fields instead of 4',
      likely: 'Rows have fewer fields than the header: `--ragged pad` fills them up with NULL.',
    },
  },
  poison_over_max: {
    status: 422,
    kind: 'data',
    message: 'More than {max} records killed every worker that loaded them alone.',
    hint: 'That many are hardly the fault of the records: look at the memory and the log of the workers.',
    example: { max: 20 },
  },
  target_changed: {
    status: 422,
    kind: 'user',
    message: 'The target {table} is not what the rows of {ingestId} were prepared for: {problem}.',
    hint: 'Nothing more was written. Bring the table back into that form, or start a new ingest with another id, which takes it as it is now.',
    example: {
      ingestId: 'trips-1',
      table: 'public.trips',
      problem: 'fare was numeric and is integer',
    },
  },
  count_mismatch: {
    status: 500,
    kind: 'data',
    message: 'The count does not add up: {problem}.',
    hint: 'Nothing was published. This is a defect of Sluice: please report it with the ledger rows.',
    example: { problem: 'unit 12 has rows and no receipt' },
  },
} as const satisfies Record<string, HttpRow>)
