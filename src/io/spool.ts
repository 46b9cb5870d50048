/**
 * Keeps bytes that cannot be read by ranges where they lie, so that they can be: a tar archive
 * within gzip, or an archive whose source gives all of its bytes or none.
 */
import type { OpenFile } from './openFile.ts'

export interface Spooled {
  opened: OpenFile
  sizeBytes: number
}

export interface Spool {
  /**
   * Keeps them whole or not at all. What is there of the key already stays.
   * @throws stage_full
   */
  put(key: string, bytes: AsyncIterable<Buffer>): Promise<void>
  /**
   * @param name what the file is called in messages
   * @returns null when nothing is kept under the key
   */
  open(key: string, name: string, signal: AbortSignal): Promise<Spooled | null>
}
