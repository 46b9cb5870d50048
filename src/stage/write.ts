/** Writes a file whole or not at all. */
import { createHash, randomUUID } from 'node:crypto'
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { sluiceError } from '../errors.ts'
import type { Staged } from './stage.ts'

/**
 * Temporary name, sync, rename, sync of the folder.
 * @param tap sees every chunk, in order, while it is written
 * @throws stage_full
 */
export async function writeWhole(
  path: string,
  bytes: AsyncIterable<Buffer>,
  tap: (chunk: Buffer) => void,
): Promise<Staged> {
  const folder = dirname(path)
  await mkdir(folder, { recursive: true })
  const temporary = join(folder, `.${basename(path)}.${randomUUID()}.tmp`)
  try {
    const handle = await open(temporary, 'wx')
    let staged: Staged
    try {
      staged = await write(handle, bytes, tap)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, path)
    await syncFolder(folder)
    return staged
  } catch (error) {
    await rm(temporary, { force: true })
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOSPC' || code === 'EDQUOT') {
      throw sluiceError('stage_full', { file: basename(path) }, { cause: error })
    }
    throw error
  }
}

async function write(
  handle: FileHandle,
  bytes: AsyncIterable<Buffer>,
  tap: (chunk: Buffer) => void,
): Promise<Staged> {
  const hash = createHash('sha256')
  let sizeBytes = 0
  for await (const chunk of bytes) {
    // The disk writes while this thread hashes and scans.
    const writing = writeAll(handle, chunk)
    writing.catch(() => {})
    hash.update(chunk)
    tap(chunk)
    sizeBytes += chunk.length
    await writing
  }
  return { sizeBytes, sha256: hash.digest('hex') }
}

async function writeAll(handle: FileHandle, chunk: Buffer): Promise<void> {
  for (let done = 0; done < chunk.length; ) {
    const { bytesWritten } = await handle.write(chunk, done)
    done += bytesWritten
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
