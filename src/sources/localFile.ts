/** Reads a local file that must stay as it was when it was listed. */
import {
  type BigIntStats,
  closeSync,
  constants,
  fstatSync,
  openSync,
  readSync,
  statSync,
} from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { versionOf } from '../domain/version.ts'
import type { ListedFile } from '../domain/words.ts'
import { messageOf, SluiceError, sluiceError } from '../errors.ts'
import { chunksOf, readAt } from '../io/chunks.ts'
import { inSync, syncBytesMax } from '../io/syncRead.ts'
import type { OpenFile } from './source.ts'

const chunkBytes = 1 << 20

/** Non-blocking: opening a named pipe would otherwise wait for its writer. */
const readOnly = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)

export interface LookedAt extends ListedFile {
  /** Its first 4 bytes, or all. */
  head: Buffer
}

/** @throws file_unreadable, file_vanished */
export async function listFile(path: string, name: string): Promise<LookedAt> {
  const quick = inSync(() =>
    withOpen(path, name, (fd) => {
      const stats = fstatSync(fd, { bigint: true })
      return listed(name, stats, stats.size > 0 ? readNow(fd, 4) : none)
    }),
  )
  if (quick) return quick.value
  const handle = await open(path, readOnly).catch((error) => refuse(name, error))
  try {
    const stats = await handle.stat({ bigint: true })
    return listed(name, stats, stats.size > 0 ? await readAt(handle, Buffer.alloc(4), 0) : none)
  } finally {
    await handle.close()
  }
}

const none = Buffer.alloc(0)

function listed(name: string, stats: BigIntStats, head: Buffer): LookedAt {
  if (stats.isFile())
    return { name, sizeBytes: Number(stats.size), version: versionOf(stats), head }
  throw sluiceError('file_unreadable', { file: name, problem: 'not a regular file' })
}

/** @throws file_vanished, file_changed, file_unreadable */
export async function openFile(path: string, file: ListedFile): Promise<OpenFile> {
  const quick = file.sizeBytes <= syncBytesMax && inSync(() => readWhole(path, file))
  if (quick) {
    const bytes = quick.value
    return {
      path,
      read: async function* () {
        if (bytes.length > 0) yield bytes
      },
      close: async () => {},
    }
  }
  const handle = await openAsListed(path, file)
  return {
    path,
    read: (signal) => readRange({ handle, path, file }, { start: 0, end: file.sizeBytes }, signal),
    close: () => handle.close(),
  }
}

/** All of a small file, with the checks of `openAsListed` and `readRange`. */
const readWhole = (path: string, file: ListedFile): Buffer =>
  withOpen(path, file.name, (fd) => {
    check(fstatSync(fd, { bigint: true }), file)
    const bytes = readNow(fd, file.sizeBytes)
    check(fstatSync(fd, { bigint: true }), file)
    check(statSync(path, { bigint: true }), file)
    return bytes
  })

function readNow(fd: number, size: number): Buffer {
  const buffer = Buffer.allocUnsafe(size)
  return buffer.subarray(0, readSync(fd, buffer, 0, size, 0))
}

function withOpen<T>(path: string, name: string, work: (fd: number) => T): T {
  let fd: number | null = null
  try {
    fd = openSync(path, readOnly)
    return work(fd)
  } catch (error) {
    if (error instanceof SluiceError) throw error
    return refuse(name, error as NodeJS.ErrnoException)
  } finally {
    if (fd !== null) closeSync(fd)
  }
}

/** @throws file_vanished, file_changed, file_unreadable */
export async function openAsListed(path: string, file: ListedFile): Promise<FileHandle> {
  const handle = await open(path, readOnly).catch((error) => refuse(file.name, error))
  try {
    check(await handle.stat({ bigint: true }), file)
  } catch (error) {
    await handle.close()
    throw error
  }
  return handle
}

export interface LocalFile {
  handle: FileHandle
  path: string
  file: ListedFile
}

/** The bytes of a range. At the end of it the file is checked to be as listed. */
export async function* readRange(
  { handle, path, file }: LocalFile,
  range: { start: number; end: number },
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  for await (const chunk of chunksOf(handle, range, chunkBytes)) {
    signal.throwIfAborted()
    yield chunk
  }
  // The open file, and what stands at its path now, are both what was listed.
  const there = stat(path, { bigint: true }).catch((error) => refuse(file.name, error))
  for (const stats of await Promise.all([handle.stat({ bigint: true }), there])) check(stats, file)
}

/** @throws file_changed */
function check(stats: { size: bigint; ino: bigint; mtimeNs: bigint }, file: ListedFile): void {
  const size = Number(stats.size)
  if (size !== file.sizeBytes) {
    const problem = `it had ${file.sizeBytes} bytes and has ${size}`
    throw sluiceError('file_changed', { file: file.name, problem })
  }
  if (versionOf(stats) !== file.version) {
    throw sluiceError('file_changed', {
      file: file.name,
      problem: 'it was written to or replaced',
    })
  }
}

function refuse(file: string, error: NodeJS.ErrnoException): never {
  if (error.code === 'ENOENT') throw sluiceError('file_vanished', { file }, { cause: error })
  throw sluiceError('file_unreadable', { file, problem: messageOf(error) }, { cause: error })
}
