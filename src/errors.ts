/**
 * The error table: every error a user can meet, once. A code is never reused for another meaning.
 *
 * `kind` decides what happens next: user and data errors do not retry, transient and capacity
 * errors do. `status` is the HTTP status. `{name}` in a text is filled from the parameters.
 */
type Kind = 'user' | 'data' | 'transient' | 'capacity'
interface Row {
  status: number
  kind: Kind
  message: string
  hint: string
}

export const errorTable = {
  spec_invalid: {
    status: 400,
    kind: 'user',
    message: 'The ingest spec is not valid: {problem}.',
    hint: 'See /docs for the shape of a spec.',
  },
  request_invalid: {
    status: 400,
    kind: 'user',
    message: 'The request is not valid: {problem}.',
    hint: 'See /docs for what this address takes.',
  },
  table_name_invalid: {
    status: 400,
    kind: 'user',
    message: 'The table name {table} is not valid: {problem}.',
    hint: 'Write schema.table, and double quotes around a part with other characters: public."My Table".',
  },
  upload_name_invalid: {
    status: 400,
    kind: 'user',
    message: 'The upload name {name} is not valid.',
    hint: 'Use letters, digits, dots, dashes and underscores, at most 200 of them, and no folders.',
  },
  not_found: {
    status: 404,
    kind: 'user',
    message: 'There is nothing at {path}.',
    hint: 'See /docs for the addresses of this API.',
  },
  ingest_not_found: {
    status: 404,
    kind: 'user',
    message: 'There is no ingest {ingestId}.',
    hint: 'See GET /v1/ingests, or `sluice list`, for those that there are.',
  },
  upload_not_found: {
    status: 404,
    kind: 'user',
    message: 'There is no upload {name}.',
    hint: 'Send it with PUT /v1/uploads/{name} first. Uploads are kept for a day.',
  },
  ingest_conflict: {
    status: 409,
    kind: 'user',
    message: 'The ingest {ingestId} exists with another spec.',
    hint: 'Use another id, or send the same spec again to get the same ingest.',
  },
  ingest_id_used: {
    status: 409,
    kind: 'user',
    message: 'The id {ingestId} was used before: Temporal still has the workflow of that ingest.',
    hint: 'Use another id.',
  },
  ingest_ended: {
    status: 409,
    kind: 'user',
    message: 'The ingest {ingestId} has ended already: {state}.',
    hint: 'Only an ingest that is under way can be paused, resumed or cancelled.',
  },
  upload_cut_short: {
    status: 400,
    kind: 'user',
    message: 'The upload {name} ended before its last byte.',
    hint: 'Nothing of it was kept. Send it again.',
  },
  source_empty: {
    status: 422,
    kind: 'user',
    message: 'No file matches {path}.',
    hint: 'The path is looked up on the machine of the worker.',
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
    hint: 'The worker must be able to read it, and it must be a regular file.',
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
    hint: 'Sluice reads text in UTF-8 with one record a line. Unpack or convert the file first.',
  },
  dialect_invalid: {
    status: 400,
    kind: 'user',
    message: 'The format is not valid: {problem}.',
    hint: 'Delimiter, quote and line end must differ from each other.',
  },
  columns_too_many: {
    status: 422,
    kind: 'data',
    message: 'The file {file} has {count} columns; a table can have at most 1600.',
    hint: 'Split the file by columns, or check the delimiter.',
  },
  column_unknown: {
    status: 422,
    kind: 'user',
    message: 'The file {file} has columns that {table} does not have: {columns}.',
    hint: 'Add the columns to the table, or take them out of the file.',
  },
  column_missing: {
    status: 422,
    kind: 'user',
    message: 'The file {file} lacks columns that {table} needs (not null, no default): {columns}.',
    hint: 'Add the columns to the file, or give them a default in the table.',
  },
  columns_unmatched: {
    status: 422,
    kind: 'user',
    message:
      'The file {file} has {fileCount} fields and no header; {table} has {tableCount} columns.',
    hint: 'Without a header every column is taken by position. Add a header to name them.',
  },
  target_not_a_table: {
    status: 422,
    kind: 'user',
    message: 'The target {table} is {what}, not an ordinary or partitioned table.',
    hint: 'Name a table.',
  },
  target_not_writable: {
    status: 403,
    kind: 'user',
    message: 'The target {table} cannot be written: {problem}.',
    hint: 'Grant the missing right to the database user of the worker.',
  },
  target_refused: {
    status: 422,
    kind: 'data',
    message: 'The target {table} refused the rows: {problem}.',
    hint: 'Nothing was published. Correct the rows or the table, and start a new ingest.',
  },
  rejects_over_max: {
    status: 422,
    kind: 'data',
    message: '{rejected} of {read} rows were rejected; {max} are allowed. The first: {first}.',
    hint: 'An atomic ingest publishes nothing then. See the rejects, correct the rows, or allow more.',
  },
  every_row_rejected: {
    status: 422,
    kind: 'data',
    message: 'Every row was rejected ({rejected}). The first: {first}.',
    hint: 'Check the format options and the types of the target.',
  },
  count_mismatch: {
    status: 500,
    kind: 'data',
    message: 'The count does not add up: {problem}.',
    hint: 'Nothing was published. This is a defect of Sluice: please report it with the ledger rows.',
  },
  ingest_not_active: {
    status: 409,
    kind: 'data',
    message: 'The ingest {ingestId} is {state}: its landing table takes no more rows.',
    hint: 'A late attempt was turned away; there is nothing to do.',
  },
  postgres_too_old: {
    status: 500,
    kind: 'user',
    message: 'The database is PostgreSQL {version}; Sluice needs 17 or newer.',
    hint: 'COPY … ON_ERROR came with PostgreSQL 17.',
  },
  database_unavailable: {
    status: 503,
    kind: 'transient',
    message: 'The database does not answer: {problem}.',
    hint: 'Check DATABASE_URL and the server. Ingests under way go on by themselves.',
  },
  database_refused: {
    status: 500,
    kind: 'data',
    message: 'The database refused a statement: {problem}.',
    hint: 'See the message of PostgreSQL.',
  },
  temporal_unavailable: {
    status: 503,
    kind: 'transient',
    message: 'Temporal does not answer at {address}: {problem}.',
    hint: 'Check TEMPORAL_ADDRESS and the server.',
  },
  too_busy: {
    status: 503,
    kind: 'capacity',
    message: 'The database is short of a resource: {problem}.',
    hint: 'The work is tried again by itself.',
  },
  unexpected: {
    status: 500,
    kind: 'transient',
    message: 'Something unexpected happened: {problem}.',
    hint: 'The log of the process has the whole error.',
  },
} as const satisfies Record<string, Row>

export type ErrorCode = keyof typeof errorTable

type Names<T extends string> = T extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Names<Rest>
  : never
type Params<C extends ErrorCode> = Record<
  Names<(typeof errorTable)[C]['message'] | (typeof errorTable)[C]['hint']>,
  string | number
>

/** An error of the table, with its texts filled in. */
export class SluiceError extends Error {
  override readonly name = 'SluiceError'
  readonly code: ErrorCode
  readonly status: number
  readonly kind: Kind
  readonly hint: string

  constructor(
    code: ErrorCode,
    params: Record<string, string | number>,
    options: { cause?: unknown } = {},
  ) {
    const row = errorTable[code]
    super(fill(row.message, params), options)
    this.code = code
    this.status = row.status
    this.kind = row.kind
    this.hint = fill(row.hint, params)
  }

  get retryable(): boolean {
    return this.kind === 'transient' || this.kind === 'capacity'
  }
}

/** Makes an error of the table; its parameters are checked by the compiler. */
export const sluiceError = <C extends ErrorCode>(
  code: C,
  params: Params<C>,
  options: { cause?: unknown } = {},
): SluiceError => new SluiceError(code, params, options)

/** The message of anything that was thrown, on one line and of bounded length. */
export function messageOf(error: unknown): string {
  // Both addresses of `localhost` refused: an AggregateError without a message of its own.
  const first = error instanceof AggregateError && !error.message ? error.errors[0] : error
  const text = first instanceof Error ? first.message || first.name : String(first)
  return text.replace(/\s+/g, ' ').trim().slice(0, 2000)
}

const fill = (text: string, params: Record<string, string | number>): string =>
  text.replace(/\{(\w+)\}/g, (_, name: string) => String(params[name] ?? `{${name}}`))
