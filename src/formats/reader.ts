/** The records of staged slices: as they lie there, and as COPY text. */
import type { CopyForm } from '../domain/copyForm.ts'
import type { Ragged, TrimCount } from '../domain/trimCount.ts'
import type { Terms } from '../domain/values.ts'

/** A record within a slice. */
export interface RecordAt {
  /** Physical line of the file, counted from 1. */
  line: number
  start: number
  /** Behind its last byte, its line end not included. */
  end: number
  /** Behind its line end. */
  next: number
  /** It cannot be read to its end: this is its first line, and nothing else of it is read. */
  broken: boolean
  /** COPY would read it otherwise than it is meant. */
  odd: boolean
}

/** Why a record cannot be loaded. */
export interface Fault {
  code: string
  error: string
  column: string | null
}

/** A record that cannot be loaded. */
export interface Broken extends Fault {
  line: number
  raw: Buffer
}

/** The records of a slice for COPY; `lines` and `broken` together are all of them. */
export interface Written {
  /** As COPY text: each record is a line. */
  bytes: Buffer
  /** Where each of them ends in `bytes`, its newline included. */
  ends: readonly number[]
  /** The physical line of each, and where it lies in the slice. */
  lines: readonly number[]
  starts: readonly number[]
  rawEnds: readonly number[]
  /** Those that were not written. */
  broken: Broken[]
}

/** Counts records as COPY does, over the slices of one COPY in their order. */
export type CopyCount = (
  slice: Buffer,
  lines: number,
) => Iterable<Pick<RecordAt, 'line' | 'start' | 'end'> & { copyLine: number }>

/** The fast lane: COPY reads the staged bytes as they are. */
export interface AsIs {
  copy: CopyForm
  /** Whether it can read these bytes; null when it can read any. */
  suits: ((slice: Buffer) => boolean) | null
  /** What stands behind the values of each record, before its newline; absent for nothing. */
  tail?: Buffer
  /** Finds the records that COPY tells of by a line number of its own. */
  count(): CopyCount
}

/** COPY BINARY: what PostgreSQL would make of the values is made of them before they are sent. */
export interface Binary {
  copy: CopyForm
  /**
   * The rows of whole records, for COPY. A chunk is valid until the next one is asked for.
   * @throws NotBinary
   */
  rows(chunks: AsyncIterable<Buffer>): AsyncIterable<Buffer>
}

/**
 * Reads what one unit has. `lines` is always how many physical lines stand before a slice.
 * `dates` is the order of dates that are numbers; year, month, day if absent.
 */
export interface Reader extends Pick<Terms, 'dates'> {
  /** PostgreSQL is given some values in other terms than those of the file. */
  changesTerms: boolean
  /** Null when every record has to be written anew. */
  asIs: AsIs | null
  /** Null or absent where records are not written as rows of COPY BINARY. */
  binary?: Binary | null
  /** In order. Comments are none, nor are blank lines but where they are a value. */
  records(slice: Buffer, lines: number): Iterable<RecordAt>
  /** @param trims counts what is dropped and filled up */
  write(slice: Buffer, lines: number, trims?: TrimCount): Written
  /** The values of one record; null for NULL. */
  values(raw: Buffer): (string | null)[]
  /** How many fields a record has. */
  width(raw: Buffer): number
  /** What is done to a record that has more or fewer fields than there are columns. */
  ragged(raw: Buffer): Ragged
  /** The reader for the records of this file; absent where its name does not matter. */
  ofFile?(name: string): Reader
  /** Does a reject of this code lack a part of its record? What is left must not pass for it. */
  isPart(code: string): boolean
  /** A record as a reject keeps it, for people to read and to correct; absent where that is its bytes. */
  rawOf?(record: Buffer): Buffer
  /** The record that was corrected, or why there is none. It goes with `rawOf`. */
  recordOf?(raw: Buffer): Buffer | Fault
}
