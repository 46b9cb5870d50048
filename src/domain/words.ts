/** The shapes that the words of Sluice name. What each word means is in glossary.ts. */
import type { Note } from '../errors/notes.ts'
import type { CheckResult } from './checkResult.ts'
import type { Changes } from './counts.ts'
import type { FieldFacts } from './types.ts'

/** How the bytes of one staged file, which are UTF-8, are to be read. The rest of it is its format's. */
export interface Reading {
  /** The format: see src/formats. */
  kind: string
  /** What ends a line of the file. One that mixes `\n` and `\r\n` is read as either. */
  newline: '\n' | '\r\n' | '\r'
}

/** How the first table of an ingest is read; its other files are compared with it. */
export interface FirstTable<R extends Reading = Reading> {
  name: string
  reading: R
  /** Its names as the file has them; null when it has no header. */
  header: string[] | null
  /** Fields of a record. */
  width: number
  /** See FileShape. */
  sparse?: number[]
  /** Keys of what its head told: see headNotes.ts. Absent in ingests of earlier versions. */
  told?: string[]
}

/** A record boundary: what lies before it in its file. */
export interface Cut {
  /** Bytes from the start of the file. */
  offset: number
  /** Physical lines before the boundary. */
  lines: number
  /** Data records before the boundary; header, blank and broken lines are not records. */
  records: number
  /** Lines before the boundary that were given up: the record that begins there never ends. */
  broken: number
  /** Comments and blank lines before the boundary, behind the header; 0 if absent. */
  aside?: number
  /** Records before the boundary that COPY would read otherwise; none if absent. */
  odd?: number
  /** Records before the boundary whose fields are all empty; none if absent. */
  empty?: number
}

/**
 * What is a reject without being read: a record that is too long to be held in memory, or what `problem`
 * tells of. It lies between two neighbouring cuts, alone.
 */
export interface Flaw {
  start: number
  end: number
  /** Physical line on which it starts, counted from 1. */
  line: number
  /** What is wrong with the document here; absent for what is too long. */
  problem?: string
}

/**
 * What staging learned of one file.
 *
 * `cuts` holds the start of the first data record, every cut in between, and the end of the last
 * record.
 */
export interface FileShape {
  reading: Reading
  /** Column names as the file has them; null without a header. */
  header: string[] | null
  /** How many fields there are; 0 for a file without any record. */
  width: number
  /**
   * Fields that fewer than half of the records have, by number. What has no column is an error in any
   * other field; in these it makes rejects. Absent for none.
   */
  sparse?: number[]
  cuts: Cut[]
  flaws: Flaw[]
  /** Physical lines, counted from 1, of the first records that the last cut counts so. */
  firstOdd?: number
  firstEmpty?: number
  /** What the values of each field are; absent in older ledgers, and without any record. */
  types?: FieldFacts[]
  /** What the source's bytes were written in, when it was not UTF-8; the staged ones are. */
  encoding?: string
  /** What the source's bytes were packed with; the staged ones are not. */
  packing?: 'gzip' | 'zstd' | 'zip' | 'tar'
  /** Why the file is no data; then it has no records. */
  leftOut?: string
  /** What its head tells that the first table does not tell as well. */
  notes?: Note[]
}

/** A file of the source as the list verb found it. */
export interface ListedFile {
  name: string
  sizeBytes: number
  /** What must not change until the file is staged: for a local file its mtime and inode. */
  version: string
  /** The member of an archive; `name` has it too. */
  member?: string | null
}

/** A byte range of one staged file. */
export interface Split {
  fileNo: number
  start: number
  end: number
  /** Physical lines before `start`. */
  lines: number
  /** Data records in the range as staging counted them. */
  records: number
  /** Lines in the range that staging gave up. */
  broken: number
  /** Comments and blank lines in the range; 0 if absent. */
  aside?: number
  /** Records in the range that COPY would read otherwise; none if absent. */
  odd?: number
}

/** A column with the same value in all records of a unit, which its files do not have. */
export interface Constant {
  column: string
  value: string | null
  /** In the place of the value: what each record has of its own, and the time of the load. */
  of?: 'file' | 'line' | 'time'
  /** The type that the column has in a new table; guessed from the values if absent. */
  type?: string
}

/** What one load transaction brings in. */
export interface Unit {
  splits: Split[]
  /** Rejects by themselves: no split covers them. */
  flaws: (Flaw & { fileNo: number })[]
  /** Target columns in the order of the file's fields. */
  columns: string[]
  /** Columns that are behind those of the fields; none if absent. */
  constants?: Constant[]
  /** Fields that are left out, by their place among the columns; none if absent. */
  dropped?: number[]
  reading: Reading
  sizeBytes: number
  records: number
  broken: number
  /** Comments and blank lines, which COPY would not leave out. */
  aside?: number
  /** Records that COPY would read otherwise than they are meant; none if absent. */
  odd?: number
}

/** Which unit of which ingest. */
export interface UnitRef {
  ingestId: string
  unitNo: number
}

/** What a unit's transaction recorded. */
export interface Receipt {
  /** Data records read: each has one of the outcomes of counts.ts. */
  rowsRead: number
  rowsLoaded: number
  rowsRejected: number
  /** Rows that the target had already, where the spec says to skip them; 0 if absent. */
  rowsSkipped?: number
  /** Rows that the spec leaves out by a condition; 0 if absent. */
  rowsFiltered?: number
  /** Rows that another one with the same key has taken the place of; 0 if absent. */
  rowsSuperseded?: number
  /** Rejects that publish was to load again. Set only in histories of earlier versions. */
  rowsToReload?: number
  /** What `ragged` dropped from the loaded rows, or filled up in them; absent for none. */
  trimmed?: Trimmed
  sizeBytes: number
  /** The fast lane streams raw bytes; the repair lane looks at every record. */
  lane: 'fast' | 'repair'
}

/** Rows with text behind the last column, how many of them have it in which field, and padded rows. */
export interface Trimmed {
  rows: number
  /** Keyed by the number of the field, counted from 1. */
  fields: Record<string, number>
  /** Rows with fewer fields than columns, which are NULL; absent for none. */
  padded?: number
}

/** A row that could not be taken. */
export interface Reject {
  fileNo: number
  /** Physical line of the file on which the record starts, counted from 1. */
  line: number
  column: string | null
  /** One of errors/rejects.ts, or the SQLSTATE that PostgreSQL gave. */
  code: string
  /** The constraint of the target that the row breaks. */
  constraint?: string | null
  error: string
  /** The record's bytes without its line end. */
  raw: Buffer
}

export const phases = ['list', 'stage', 'step', 'plan', 'load', 'publish', 'sweep'] as const
export type Phase = (typeof phases)[number]

export const states = [
  'queued',
  'running',
  'paused',
  'completed',
  'failed',
  'cancelled',
  'undone',
] as const
export type State = (typeof states)[number]

const ends: readonly State[] = ['completed', 'failed', 'cancelled', 'undone']

export const isOver = (state: State): boolean => ends.includes(state)

/** How an ingest ended, as the sweep verb records it. */
export interface Outcome {
  state: 'completed' | 'failed' | 'cancelled'
  error: { code: string; message: string; hint: string | null } | null
}

/** The counts of an ingest: the same for API, CLI, Web UI and the workflow's result. */
export interface Counts extends Partial<Changes> {
  files: number
  units: number
  rowsRead: number
  rowsLoaded: number
  rowsRejected: number
  /** See Receipt. */
  rowsSkipped?: number
  rowsFiltered?: number
  rowsSuperseded?: number
  /** The first columns with their types, short; only in the result of a workflow. */
  columns?: string[]
  /** What was guessed, left out or changed; only in the result of a workflow, absent when empty. */
  notes?: Note[]
  /** What came of the checks; only in the result of a workflow, absent without any. */
  checks?: CheckResult[]
}
