/** What is wrong with a request or its spec. */
import type { HttpRow } from './row.ts'

export const requests = {
  workflow_terminated: {
    status: 409,
    kind: 'data',
    message: 'The workflow of {ingestId} {how}, and did not end the ingest.',
    hint: 'The janitor has cleaned up. Nothing more will be published: start a new ingest, with another id.',
  },
  spec_invalid: {
    status: 400,
    kind: 'user',
    message: 'The ingest spec is not valid: {problem}.',
    hint: 'See /docs for the shape of a spec.',
    shellHint: 'See `sluice ingest --help` for what an ingest may say.',
  },
  input_invalid: {
    status: 400,
    kind: 'user',
    message: 'The input of {what} is not valid: {problem}.',
    hint: 'Start ingests with `sluice ingest` or POST /v1/ingests, which write the input.',
    shellHint: 'Start ingests with `sluice ingest`, which writes the input.',
  },
  request_invalid: {
    status: 400,
    kind: 'user',
    message: 'The request is not valid: {problem}.',
    hint: 'See /docs for what this address takes.',
    shellHint: 'See `sluice --help`, and --help of each command, for what it takes.',
  },
  body_too_large: {
    status: 413,
    kind: 'user',
    message: 'The body of the request is larger than this address takes.',
    hint: 'Files go with PUT /v1/uploads, which has no limit.',
    shellHint: 'Name fewer files: a folder or a glob in place of a list of them.',
  },
  media_type_unknown: {
    status: 415,
    kind: 'user',
    message: 'The content type of the request is not application/json.',
    hint: 'Send JSON, with the header content-type: application/json.',
  },
  host_refused: {
    status: 421,
    kind: 'user',
    message: 'This API is not {host}.',
    hint: 'Over loopback it answers to localhost and 127.0.0.1 only.',
  },
  token_missing: {
    status: 401,
    kind: 'user',
    message:
      'A directory source has files read with the rights of the user who runs Sluice here, so this API asks for the token of that user.',
    hint: 'Send the file as an upload (`sluice ingest --upload`, or PUT /v1/uploads), or run `sluice ingest` as that user: it takes the token from .sluice/up.json. Others send it as authorization: Bearer.',
    shellHint:
      'Send the file, `sluice ingest FILE --upload`, or run this as the user who started Sluice, in its folder.',
  },
  origin_refused: {
    status: 403,
    kind: 'user',
    message: 'The request comes from a page of another origin.',
    hint: 'Only pages of this API may change something.',
  },
  table_name_invalid: {
    status: 400,
    kind: 'user',
    message: 'The table name {table} is not valid: {problem}.',
    hint: 'Write schema.table, and double quotes around a part with other characters: public."My Table".',
  },
  source_unsupported: {
    status: 400,
    kind: 'user',
    message: 'The source {source} is {what}; Sluice reads files, folders and globs.',
    hint: 'Bring it into a file first, and name that: {how}.',
  },
  upload_name_invalid: {
    status: 400,
    kind: 'user',
    message: 'The upload name {name} is not valid.',
    hint: 'Use letters from a to z, digits, spaces and . _ - ( ) + @ = , only: at most 200 characters, and no folders.',
  },
  dialect_invalid: {
    status: 400,
    kind: 'user',
    message: 'The format is not valid: {problem}.',
    hint: 'Delimiter, quote and line end must differ from each other.',
  },
  not_found: {
    status: 404,
    kind: 'user',
    message: 'There is nothing at {path}.',
    hint: 'See /docs for the addresses of this API.',
    shellHint:
      'The API may be of another version: see `sluice --version`, and the address in SLUICE_API.',
  },
  method_not_allowed: {
    status: 405,
    kind: 'user',
    message: 'The method {method} is not allowed at {path}: it takes {allowed}.',
    hint: 'See /docs for what each address takes.',
    shellHint:
      'The API may be of another version: see `sluice --version`, and the address in SLUICE_API.',
  },
  ingest_not_found: {
    status: 404,
    kind: 'user',
    message: 'There is no ingest {ingestId}.',
    hint: 'See GET /v1/ingests, or `sluice list`, for those that there are.',
    shellHint: 'See `sluice list` for those that there are.',
  },
  upload_not_found: {
    status: 404,
    kind: 'user',
    message: 'There is no upload {name}.',
    hint: 'Send it with PUT /v1/uploads/{name} first. Uploads are kept for a day.',
    shellHint: 'Send it again: `sluice ingest FILE --upload`. Uploads are kept for a day.',
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
  retry_too_early: {
    status: 409,
    kind: 'user',
    message: 'The ingest {ingestId} is still under way: {state}.',
    hint: 'Its rejects can be loaded again once it is completed.',
  },
  retry_unpublished: {
    status: 409,
    kind: 'user',
    message: 'Nothing of the ingest {ingestId} was published: it is {state}.',
    hint: 'Correct its rows or its table, and start a new ingest.',
  },
  rejects_none_open: {
    status: 409,
    kind: 'user',
    message: 'The ingest {ingestId} has no open rejects.',
    hint: 'There is nothing to do. `sluice rejects {ingestId} --all` shows those that were loaded.',
  },
  retry_not_found: {
    status: 404,
    kind: 'user',
    message: 'The ingest {ingestId} has no retry {retryId}.',
    hint: 'See GET /v1/ingests/{ingestId}/retries for those that loaded something.',
    shellHint: 'See `sluice status ID` for the ingest; `sluice retry-rejects ID` starts a retry.',
  },
  corrections_invalid: {
    status: 422,
    kind: 'user',
    message: 'The corrections in {name} cannot be read: {problem}.',
    hint: 'Send the CSV that `sluice rejects ID --csv` writes, with its header, and change nothing but `raw`.',
  },
  correction_unknown: {
    status: 422,
    kind: 'user',
    message: 'Line {at} of {name} names no open reject: {problem}.',
    hint: 'Nothing was loaded. Take the row out, or export the rejects again: those that were loaded are no rejects any more.',
  },
  upload_cut_short: {
    status: 400,
    kind: 'user',
    message: 'The upload {name} ended before its last byte.',
    hint: 'Nothing of it was kept. Send it again.',
  },
} as const satisfies Record<string, HttpRow>
