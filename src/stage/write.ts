/** Writes a file whole or not at all. */
import { createHash, randomUUID } from 'node:crypto'
import { type FileHandle, link, mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { versionOf } from '../domain/version.ts'
import { sluiceError } from '../errors.ts'
import type { Hashed, Staged } from './stage.ts'

export interface WriteOptions {
  /** Sees every chunk, in order, while it is written. */
  tap: (chunk: Buffer) => void
  /** Takes the place of a file of that name; else the one that is there stays. */
  replace: boolean
}

/**
 * Temporary name, sync, rename, sync of the folder.
 * @throws stage_full
 */
export async function writeWhole(
  path: string,
  bytes: AsyncIterable<Buffer>,
  { tap, replace }: WriteOptions,
): Promise<Staged> {
  const folder = dirname(path)
  await mkdir(folder, { recursive: true })
  const temporary = join(folder, `.${basename(path)}.${randomUUID()}.tmp`)
  try {
    const handle = await open(temporary, 'wx')
    let sizeBytes: number
    try {
      sizeBytes = await write(handle, bytes, tap)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await (replace ? rename(temporary, path) : placeOnce(temporary, path))
    await syncFolder(folder)
    return { sizeBytes, version: versionOf(await stat(path, { bigint: true })) }
  } catch (error) {
    throw stageError(error, basename(path))
  } finally {
    await rm(temporary, { force: true })
  }
}

/** What writing `file` threw, as people are told of it. */
export function stageError(error: unknown, file: string): unknown {
  const { code } = error as NodeJS.ErrnoException
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return error
  return sluiceError('stage_full', { file }, { cause: error })
}

/** Moves a finished file to where it is staged. Hash and sync, rename, sync of the folder. */
export async function adopt(path: string, from: string): Promise<Hashed> {
  const handle = await open(from, 'r+')
  const hash = createHash('sha256')
  let sizeBytes = 0
  try {
    for await (const chunk of handle.createReadStream({ autoClose: false, start: 0 })) {
      hash.update(chunk)
      sizeBytes += chunk.length
    }
    await handle.sync()
  } finally {
    await handle.close()
  }
  const { version } = await moveTo(path, from)
  return { sizeBytes, sha256: hash.digest('hex'), version }
}

/** Gives a synced file another name, in place of what has it. */
export async function moveTo(path: string, from: string): Promise<Staged> {
  await rename(from, path)
  await syncFolder(dirname(path))
  const stats = await stat(path, { bigint: true })
  return { sizeBytes: Number(stats.size), version: versionOf(stats) }
}

/** Two attempts may stage one file: it must not change under the readers of the first copy. */
async function placeOnce(temporary: string, path: string): Promise<void> {
  try {
    await link(temporary, path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return
    if (!unlinkable.includes(code ?? '')) throw error
    await rename(temporary, path)
  }
}

/** Other disk, other owner (protected links), too many links, a file system without links. */
export const unlinkable = ['EXDEV', 'EPERM', 'EACCES', 'EMLINK', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']

async function write(
  handle: FileHandle,
  bytes: AsyncIterable<Buffer>,
  tap: (chunk: Buffer) => void,
): Promise<number> {
  let sizeBytes = 0
  for await (const chunk of bytes) {
    // The disk writes while this thread works on the chunk.
    const writing = writeAll(handle, chunk)
    writing.catch(() => {})
    tap(chunk)
    sizeBytes += chunk.length
    await writing
  }
  return sizeBytes
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
