/** Where staged files live. One file a kind of stage; a staged file never changes. */

export interface StagedFile {
  ingestId: string
  fileNo: number
}

export interface Staged {
  sizeBytes: number
  /** In hex. */
  sha256: string
}

export interface Stage {
  /**
   * Stages a file whole or not at all: temporary name, sync, rename.
   * @throws stage_full
   */
  put(file: StagedFile, bytes: AsyncIterable<Buffer>, tap: (chunk: Buffer) => void): Promise<Staged>
  /** Stages a file that lies in this stage already, without copying it. */
  link(file: StagedFile, path: string): Promise<void>
  /**
   * The bytes of a range; the file's size is checked before and after.
   * @throws staged_file_damaged
   */
  read(
    file: StagedFile & { name: string; sizeBytes: number },
    range: { start: number; end: number },
  ): AsyncIterable<Buffer>
  /** Removes every staged file of the ingest. */
  clear(ingestId: string): Promise<void>
  uploads: Uploads
}

/** What clients sent. An upload's bytes never change; a second upload of its name replaces it. */
export interface Uploads {
  /** @throws stage_full */
  put(name: string, bytes: AsyncIterable<Buffer>): Promise<Staged>
  /** @throws upload_not_found */
  path(name: string): string
  remove(name: string): Promise<boolean>
  /** Removes those that were last written or used longer ago. */
  expire(olderThanMs: number): Promise<number>
}
