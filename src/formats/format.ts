/**
 * A format: how files of one kind are read.
 *
 * This interface is all that the rest of Sluice knows of a format. The table of formats is index.ts,
 * and each of them has a folder of its own. Bytes are always UTF-8 here: packed files and other
 * encodings are dealt with before (src/unpack).
 */
import type { Column } from '../domain/columns.ts'
import type { ValueTerms } from '../domain/columnValues.ts'
import type { Options } from '../domain/option.ts'
import type { EncodingDoubt, UnpackLimits } from '../domain/unpack.ts'
import type { FileShape, FirstTable, Reading } from '../domain/words.ts'
import type { Note } from '../errors/notes.ts'
import type { Container } from '../unpack/container.ts'
import type { Reader } from './reader.ts'

/** A longer record is a reject: it could be neither checked nor repaired in bounded memory. */
export const recordBytesMax = 16 * 1024 * 1024

/** Options that others ask for. A format that does not have one of them leaves it out. */
export interface FormatOptions {
  encoding?: string
  /** Whether the first record names the columns, or how many records do. */
  header?: boolean | number
  /** What becomes of a file whose header has no known name. */
  unknownFiles?: 'fail' | 'skip' | 'position'
}

/** The first bytes of a file. */
export interface HeadFile {
  name: string
  member?: string | null
  /** In UTF-8: the more the better, up to 1 MiB. */
  bytes: Buffer
  /** They are all of it. */
  whole: boolean
  /** The spec names the file itself, not a folder, a glob or an archive. */
  isNamed: boolean
  /** The format that the bytes were made for, from a file that is no text. */
  madeFor?: string
  /** What it was written in, if not UTF-8, and whether that was guessed. */
  encoding?: string
  encodingDoubt?: EncodingDoubt
}

/** A file that lies on this machine, as it came: unpacked, and else with all its bytes. */
export interface LocalFile {
  name: string
  member: string | null
  path: string
}

/** How long a file is unfolded, and into how much. */
export interface UnfoldHow {
  limits: UnpackLimits
  signal: AbortSignal
}

/** `perhaps`: it could be, if it is of no other format for certain. */
export type Recognised = 'certainly' | 'perhaps' | 'no'

/** What the first bytes of a file say. A format may add what its scan has to know. */
export interface Head<R extends Reading = Reading> {
  reading: R
  /** Column names as the file has them, or as the spec gives them; null without any. */
  header: string[] | null
  /** Fields of most records; 0 when there is none. */
  width: number
  /** Fields that fewer than half of the records have, by number; absent for none. */
  sparse?: number[]
  /** Where its data starts, and the physical lines in front of it. */
  start: { offset: number; lines: number }
  /** What could not be told for sure. */
  notes: Note[]
}

/** What is known of an ingest when one of its files is read. */
export interface Known<O = FormatOptions, R extends Reading = Reading> {
  options: O
  /** That of the first table; null while no table is known. */
  reading: R | null
  /** Also null for an ingest of an earlier version, whose files are all read by `reading`. */
  firstTable: Omit<FirstTable, 'reading'> | null
}

/** Whole records from the start of the data, and how many physical lines stand in front of them. */
export interface Sample {
  bytes: Buffer
  lines: number
}

/** In what two files are not written in one way. */
export interface Difference {
  /** `delimiter ";" instead of ","`. */
  shown: string
  /** The flag that sets it for all files. */
  flag: string
}

export interface ScannedFile {
  name: string
  /** How many bytes there will be, about. */
  sizeBytes: number
  /** How many bytes lie between two cuts, at least; as many as suit the size if absent. */
  cutBytes?: number
}

/** Taps the bytes of a file in order; `shape` gives the result after the last one. */
export interface Scan {
  push(chunk: Buffer): void
  shape(): FileShape
  /** Absent for a file that can only be scanned as a whole. */
  part?: ScannedPart
}

/** The records that a scan has passed so far: what follows can be scanned by itself. */
export interface ScannedPart {
  /** Where the last of them ends; 0 before the first one. */
  end(): number
  /** In place of the shape of a whole file. Another scan begins at its last cut. */
  shape(): FileShape
}

// biome-ignore lint/suspicious/noExplicitAny: the table has formats with options of all kinds
export interface Format<O = any, R extends Reading = any> {
  kind: string
  /** No file has it: the bytes come from a source of the same name. */
  isOfSource?: true
  /** Type, check, flags, help, API and docs come from it. */
  options: Options
  /** What the schema of the options cannot say. @throws dialect_invalid */
  check(options: O): void
  /**
   * The documents whose tables are files of this format, such as the sheets of a workbook; absent for
   * a format whose files are read as they are.
   */
  container?(options: O, limits: UnpackLimits): Container
  /** The ends of names that say so, in lower case and without the point. */
  extensions: readonly string[]
  /** Is the file of this format, by its content first, and then by its name? */
  recognise(file: HeadFile): Recognised
  /** How a file without bytes is read. */
  empty: R
  /**
   * The file as text, for a format whose files cannot be cut by bytes; all that is said of bytes
   * elsewhere is of this text then. It ends early when nobody reads on.
   * @throws what makes the file no file of this format
   */
  unfold?(file: LocalFile, options: O, how: UnfoldHow): AsyncIterable<Buffer>
  /** What the files that are unfolded begin with; bytes that no text begins with. */
  magic?: string
  /** What a file is that is surely no table, such as a picture; null for what may be one. */
  documentIn?(file: HeadFile, options: O): string | null
  /** By the file's own bytes alone. @throws what makes the file no file of this format */
  head(file: HeadFile, options: O): Head<R>
  /** As one file of several, or why it is no data. @throws what `head` throws */
  headIn(file: HeadFile, known: Known<O, R>): { head: Head<R> } | { leftOut: string }
  /** Is a file surely a table? The first one that is decides how others are read. */
  isTable(file: HeadFile, head: Pick<Head<R>, 'reading' | 'width'>): boolean
  /** How a file is written otherwise than the first table. Line ends are always each file's own. */
  differences(reading: R, first: R): Difference[]
  /** How its values are written, as far as it decides their types. */
  terms(reading: R): ValueTerms
  /**
   * What a unit keeps of a reading. Files with the same columns and the same of it share units.
   * @param columns that of each field; empty for one that has none, whose values are rejects
   */
  ofUnit(reading: R, columns: readonly string[]): R
  /** The first records, without what is no data at the end of a file. */
  sample(bytes: Buffer, head: Head<R>, limits: { whole: boolean; recordsMax: number }): Sample
  /** What is only known of all records, such as the keys of objects, is in the shape. */
  scan(head: Omit<Head<R>, 'notes'>, file: ScannedFile): Scan
  /** @param columns those of the fields, in the file's order */
  reader(reading: R, columns: readonly Column[]): Reader
}
