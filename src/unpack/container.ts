/**
 * Documents that are zip archives, such as workbooks. Their tables are files of their own, as the
 * members of other archives are; what is read of one is text that its format can cut.
 */
import type { Archive } from './archive.ts'

export interface Table {
  name: string
  /** About how many bytes come out of it. */
  sizeBytes: number
  /** Why it is no data; absent for a table. */
  leftOut?: string
}

export interface Container {
  /** The format that reads the tables. */
  kind: string
  /** The ends of their names, in lower case and without the point. */
  extensions: readonly string[]
  /** The archives that have all of these parts are such documents. */
  marks: readonly string[]
  /** @throws what makes it no document of the kind */
  tables(archive: Archive): Promise<Table[]>
  /** The records of one of its tables as lines of text. @throws the same */
  unfold(archive: Archive, table: string, signal: AbortSignal): AsyncGenerator<Buffer>
}
