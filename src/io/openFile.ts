/** A file that was opened as it was listed, wherever it lies. */

export interface Range {
  start: number
  /** Behind the last byte. */
  end: number
}

export interface OpenFile {
  /** A local path that the stage may link to instead of copying the bytes; null if there is none. */
  link: string | null
  /** Whether `read` takes a range: any, and as often as it is asked. */
  ranges: boolean
  /** Nothing tells whether ranges that are read at different times are of one state of the file. */
  isLoose?: true
  /** The format of the archive that it is a member of; absent for a file of its own. */
  packing?: 'zip' | 'tar'
  /** The format that its bytes were made for, from a table of a document; absent for any other. */
  madeFor?: string
  /**
   * The bytes of the whole file, or of a range. At the end of it the file is checked to be as it
   * was listed. A chunk is valid until the next one is asked for; a caller that wants to keep it
   * makes a copy.
   */
  read(range?: Range): AsyncIterable<Buffer>
  close(): Promise<void>
}

/** What must still hold of a file when it is opened. */
export interface FileState {
  name: string
  sizeBytes: number
  /** Tells one state of a file from another. Whoever has made it knows what is in it. */
  version: string
}

/** As many bytes tell archives from other files, nearly always also within a packing. */
export const listedHeadBytes = 4096

/** A file as it was found. */
export interface FoundFile extends FileState {
  /** When its bytes were changed, in milliseconds of the epoch; absent where nobody knows. */
  modifiedMs?: number
  /** Its first `listedHeadBytes`, or all; absent where it would cost a request more to read them. */
  head?: Buffer
}
