/** What every kind of source can do. One file a kind; `openSource` picks it. */
import type { ListedFile } from '../domain/words.ts'

export interface Source {
  /**
   * The files, in an order that does not change, folders and empty names left out.
   * @throws source_empty, path_not_allowed, upload_not_found
   */
  list(): AsyncIterable<ListedFile>
  /**
   * Opens a listed file.
   * @throws file_vanished, file_changed, file_unreadable
   */
  open(file: ListedFile): Promise<OpenFile>
}

export interface OpenFile {
  /** A local file: the stage may link it instead of copying it. */
  path: string
  /**
   * The bytes, from the first one. At the end of it the file is checked to be as listed. A chunk is
   * good until the next one is asked for; whoever wants to keep it makes a copy.
   */
  read(signal: AbortSignal): AsyncIterable<Buffer>
  close(): Promise<void>
}
