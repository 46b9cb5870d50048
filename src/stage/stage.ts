/** Where staged files live. One file a kind of stage; a staged file never changes. */
import type { FilePart } from '../domain/fileParts.ts'
import type { FileState, FoundFile, OpenFile } from '../io/openFile.ts'
import type { Spool } from '../io/spool.ts'

export interface StagedFile {
  ingestId: string
  fileNo: number
  /** Its name in the stage; the file number if it is none. */
  stagedAs?: string | null
}

/** What a staged file must still be when it is read. */
export interface StagedState {
  name: string
  sizeBytes: number
  /** A link to a file that others may write to, not a copy of ours. */
  pinned: boolean
  /** Tells one state of the file from another. The stage alone knows what is in it. */
  stagedVersion: string
  /** Where its bytes lie, for a file that is staged in parts. */
  parts?: readonly FilePart[] | null
}

export interface Staged {
  sizeBytes: number
  /** Tells one state of the file from another. The stage alone knows what is in it. */
  version: string
}

/** A staged file with its SHA-256, in hex. */
export type Hashed = Staged & { sha256: string }

/** What lies in the stage of an ingest. */
export interface StageFolder {
  ingestId: string
  /** How long ago something was added to it, or removed. */
  quietMs(): Promise<number>
}

export interface Stage {
  /**
   * Stages a file whole or not at all: temporary name, sync, rename.
   * @throws stage_full
   */
  put(file: StagedFile, bytes: AsyncIterable<Buffer>, tap: (chunk: Buffer) => void): Promise<Staged>
  /**
   * Pins a local file: stages a link to it. Deleting or replacing the file later does not
   * affect the link; writing into it does, which `read` detects.
   * @param link as OpenFile has it
   * @returns false when it cannot be linked: another disk, or the file of another user
   */
  pin(file: StagedFile, link: string): Promise<boolean>
  /**
   * The bytes of a range. Size and version of the file are checked before and after. A chunk is
   * valid until the next one is asked for.
   * @throws staged_file_damaged, file_changed
   */
  read(file: StagedFile & StagedState, range: { start: number; end: number }): AsyncIterable<Buffer>
  /**
   * Where the file lies on this machine; null for a stage that is elsewhere: see localCopy.ts.
   * @throws staged_file_damaged, file_changed
   */
  local(file: StagedFile & StagedState): Promise<string | null>
  /** An empty folder of this machine, for one attempt at a step; those that are left are removed later. */
  scratch(ingestId: string): Promise<{ path: string; remove(): Promise<void> }>
  /** What is unpacked for an ingest as a whole; it goes with the staged files. */
  spool(ingestId: string): Spool
  /** Takes a file of a scratch folder into the stage. @throws stage_full */
  adopt(file: StagedFile, path: string): Promise<Hashed>
  remove(file: StagedFile & { stagedAs: string }): Promise<void>
  /** Removes every staged file of the ingest. */
  clear(ingestId: string): Promise<void>
  /** Those of ingests. */
  folders(): AsyncIterable<StageFolder>
  /**
   * Says that ingests of this ledger are staged here. One that is not on this machine is used once.
   * @returns how many ledgers have said so
   * @throws stage_refused, stage_unavailable
   */
  claim(ledger: string): Promise<number>
  uploads: Uploads
}

export interface UploadOptions {
  /** What its bytes must hash to, in hex. */
  sha256?: string | undefined
}

export interface UploadPart extends UploadOptions {
  /** How many bytes are there already; 0 begins anew. */
  offset: number
  bytes: AsyncIterable<Buffer>
  isLast: boolean
}

export interface UploadProgress {
  sizeBytes: number
  isComplete: boolean
  /** In hex; null before the last part is in. */
  sha256: string | null
}

/** What clients sent. An upload's bytes never change; a second upload of its name replaces it. */
export interface Uploads {
  /** @throws stage_full, upload_too_large, uploads_full, upload_checksum_differs */
  put(name: string, bytes: AsyncIterable<Buffer>, options?: UploadOptions): Promise<Hashed>
  /**
   * Takes the next part of an upload, which is none yet before the last part is in. What has arrived
   * of a part that is cut short stays.
   * @throws upload_not_found, upload_offset_differs, and what `put` throws
   */
  add(name: string, part: UploadPart): Promise<UploadProgress>
  /** Ends a part that is on its way: its client has come back. null when there is none of that name. */
  progress(name: string): Promise<UploadProgress | null>
  /** null when there is none of that name. */
  stat(name: string): Promise<Omit<FoundFile, 'name'> | null>
  /**
   * Opens an upload as it was found. An abort ends its reading too.
   * @throws file_vanished, file_changed
   */
  open(file: FileState, signal: AbortSignal): Promise<OpenFile>
  /** The SHA-256 of its bytes, in hex; null when it is not known of this version of the file. */
  sha256(upload: { name: string; version: string }): Promise<string | null>
  remove(name: string): Promise<boolean>
  /** Removes those that were written longer ago. */
  expire(olderThanMs: number): Promise<number>
}
