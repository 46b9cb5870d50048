/**
 * The files of a list that may be short: they come into the ledger with what staging finds out about
 * them. A list that turns out to be long comes into it page by page, as ever.
 */
import type { NumberedFile } from '../../src/postgres/ledger/files.ts'
import { lotFilesMax } from '../list/listedFiles.ts'

/** What the ledger says of a file before it is staged. */
export const notStaged = {
  sha256: null,
  crc32: null,
  pinned: null,
  stagedVersion: null,
  stagedAs: null,
  isStaged: false,
  shape: null,
}

export class HeldFiles {
  files: NumberedFile[] = []
  #isLong = false
  readonly #write: (files: NumberedFile[]) => Promise<void>

  constructor(write: (files: NumberedFile[]) => Promise<void>) {
    this.#write = write
  }

  async take(files: NumberedFile[]): Promise<void> {
    this.files.push(...files)
    this.#isLong ||= this.files.length > lotFilesMax
    if (this.#isLong) await this.letGo()
  }

  /** Writes those that are held. */
  async letGo(): Promise<void> {
    if (this.files.length > 0) await this.#write(this.files)
    this.files = []
  }
}
