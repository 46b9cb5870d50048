/**
 * The words of Sluice. Code, SQL, API, command line and pages use them in this sense only, and use
 * no others: everything else has the name that it has in PostgreSQL, in Temporal or in the trade.
 * docs/glossary.md is made from this table; the shapes that the words name are in words.ts.
 */
export interface Word {
  /** What it is: whole sentences for a stranger. */
  means: string
  /** Something that a reader can look at, or has seen. */
  example: string
}

/** In the order in which somebody meets them who follows one ingest. */
export const words = {
  ingest: {
    means:
      'One request to bring one source into one target, or into several, and all that is done for it. Its id is the id of its Temporal workflow too; the same request with the same id is the same ingest.',
    example: '`trips-20250131-x7k2p9`, made by `sluice ingest trips.csv --into trips`',
  },
  source: {
    means:
      'Where the bytes come from: a folder, files and globs that the workers can read, uploads, a web server, a store like S3, or another database.',
    example: '`{"kind": "directory", "path": "/data/2025/*.csv"}`',
  },
  connection: {
    means:
      'A server that ingests read from, with its login. The workers have it under a name, and a spec says that name and no secret.',
    example: '`shop`, as `sluice connections` lists it',
  },
  member: {
    means:
      'A file within an archive, or a sheet of a workbook. It is listed, staged and loaded like any other file.',
    example: '`2025/jan.csv` in `trips.zip`',
  },
  target: {
    means: 'The PostgreSQL table that gets the rows. It is made if it is not there.',
    example: '`public.trips`',
  },
  mode: {
    means: 'What becomes of the rows that the target has already.',
    example: '`append` keeps them, `replace` takes them away in the same transaction',
  },
  period: {
    means:
      'The time in which a version of a row was valid, in a table that keeps its history: from one time on, up to another, or until now.',
    example: '`valid_from`, `valid_to` and `is_current`, see [modes.md](modes.md#history)',
  },
  transform: {
    means:
      'A SELECT that makes each row of the target of one row of the files, or leaves that row out. It runs while the ingest is published.',
    example:
      "`--select 'id, upper(name) as name' --where 'amount > 0'`, see [transform.md](transform.md)",
  },
  check: {
    means:
      'What the rows of an ingest must be like before they are published. One that fails publishes nothing, or only warns.',
    example: "`--expect 'not-null id'`, see [checks.md](checks.md)",
  },
  step: {
    means:
      'Work of your own on every staged file, between stage and plan. It gets a path and may give another file.',
    example: '`unpack` in [examples/steps](../examples/steps)',
  },
  route: {
    means: 'A rule that chooses the task queue of an ingest, or of one of its steps.',
    example: '`{"when": {"sizeOver": "10GB"}, "queue": "large"}`',
  },
  ledger: {
    means:
      'The schema `sluice` in the database of the target. It has every ingest, file, unit, receipt and reject, and what it says is what happened.',
    example: '`select state, rows_loaded from sluice.ingests`',
  },
  stage: {
    means:
      'Where copies of the files lie, or links to them, until their rows are loaded. A staged file never changes. To stage is also the verb that puts them there.',
    example: 'the folder or the bucket that `SLUICE_STAGE` names',
  },
  lot: {
    means:
      'Some files that follow one another and are staged by one activity, so that many small files do not make many activities.',
    example: 'up to 500 files, or 64 MiB',
  },
  reading: {
    means:
      'How the bytes of a file are to be read: its format, delimiter, quote, header and the like, as they were given or found.',
    example: '`;` between fields, a header of one row, decimal commas',
  },
  cut: {
    means:
      'An offset in a staged file that is the end of one record and the start of the next. Staging finds one every few megabytes.',
    example: 'byte 33,554,390, before record 812,001',
  },
  flaw: {
    means:
      'A record that is too long to be held in memory, or a place where a document is broken. It is a reject without having been read.',
    example: 'a quote that opens and closes 40 MB later',
  },
  split: {
    means: 'A part of a staged file, from one cut to another.',
    example: 'bytes 0 to 33,554,390 of file 0',
  },
  unit: {
    means:
      'Splits with the same columns that one transaction loads. Units of an ingest are loaded at the same time, on any worker.',
    example: 'unit 12 of 40: 32 MB of `jan.csv`',
  },
  plan: {
    means:
      'The units of an ingest, in order. It follows from the staged files alone: made again, it is the same.',
    example: '40 units, 9,800,000 records',
  },
  landing: {
    means:
      'The table that the units of an ingest are loaded into. Publishing moves its rows into the target, all at once, and drops it.',
    example: '`public.sluice_landing_5f2d8a…`, beside `public.trips`',
  },
  lane: {
    means:
      'How a unit is loaded. The fast lane sends all records in one COPY, their bytes as they are or their values as PostgreSQL keeps them; the repair lane reads every record and writes it anew for COPY.',
    example: '`lane` in `sluice.units`: `fast` or `repair`',
  },
  budget: {
    means:
      'How many units may load at the same time, over all ingests and workers, to spare the database of the target.',
    example: '`sluice control budget 4`',
  },
  receipt: {
    means:
      'What the transaction of a unit recorded of itself: rows read, loaded, rejected and skipped. It commits with the rows, so a unit with a receipt is never loaded again.',
    example: '200,000 read, 199,998 loaded, 2 rejected, 0 skipped',
  },
  reject: {
    means: 'A row that could not be taken. It is kept with its file, line, reason and raw bytes.',
    example: '`jan.csv:4711 amount: not a valid numeric: "12,50"`',
  },
  retry: {
    means:
      'Another try at rejects of an ingest, as they are or corrected. All of it is one transaction.',
    example: '`sluice retry-rejects ID --from fixed.csv`',
  },
  undo: {
    means:
      'An ingest that asked for it is taken back: its rows leave the target, and what it changed comes back. Rows that somebody changed since are kept. All of it is one transaction.',
    example: '`sluice undo ID`, after `sluice ingest --undo`',
  },
  note: {
    means: 'What an ingest guessed, left out or changed, told with its result.',
    example: '`column_became_text`: zip has been text since line 812, "00501"',
  },
} satisfies Record<string, Word>
