/** What every kind of source can do. One file a kind; `openSource` picks it. */
import type { ListedFile } from '../domain/words.ts'

/** A file that was found; files are ordered by place, then by name. */
export interface Found extends ListedFile {
  place: number
}

export type OnLeftOut = (name: string, why: string) => void

export interface Source {
  /**
   * The files as they are found, folders left out; one that is named twice may come twice.
   * @param onLeftOut hears of what lies in a folder and is not listed
   * @throws source_empty, path_not_allowed, upload_not_found, file_unreadable
   */
  list(onLeftOut?: OnLeftOut): AsyncIterable<Found>
  /**
   * Opens a listed file.
   * @throws file_vanished, file_changed, file_unreadable
   */
  open(file: ListedFile): Promise<OpenFile>
}

export interface OpenFile {
  /** A local file: the stage may link it instead of copying it. null for a member of an archive. */
  path: string | null
  /** The format of the archive that it is a member of; absent for a file of its own. */
  packing?: 'zip'
  /**
   * The bytes, from the first one. At the end of it the file is checked to be as listed. A chunk is
   * valid until the next one is asked for; a caller that wants to keep it makes a copy.
   */
  read(signal: AbortSignal): AsyncIterable<Buffer>
  close(): Promise<void>
}
