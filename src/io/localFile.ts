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
import { messageOf, SluiceError, sluiceError } from '../errors.ts'
import { chunksOf, readAt } from './chunks.ts'
import {
  type FileState,
  type FoundFile,
  listedHeadBytes,
  type OpenFile,
  type Range,
} from './openFile.ts'
import { inSync, syncBytesMax } from './syncRead.ts'

const chunkBytes = 1 << 20

/** Non-blocking: opening a named pipe would otherwise wait for its writer. */
const readOnly = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)

/** @throws file_unreadable, file_vanished */
export async function listFile(path: string, name: string): Promise<FoundFile> {
  const quick = inSync(() =>
    withOpen(path, name, (fd) => {
      const stats = fstatSync(fd, { bigint: true })
      return listed(name, stats, stats.isFile() ? readNow(fd, listedHeadBytes) : none)
    }),
  )
  if (quick) return quick.value
  const handle = await open(path, readOnly).catch((error) => refuse(name, error))
  try {
    const stats = await handle.stat({ bigint: true })
    return listed(
      name,
      stats,
      stats.isFile() ? await readAt(handle, Buffer.alloc(listedHeadBytes), 0) : none,
    )
  } finally {
    await handle.close()
  }
}

const none = Buffer.alloc(0)

/** @param head its first bytes */
function listed(name: string, stats: BigIntStats, head: Buffer): FoundFile {
  const refuseFor = (problem: string) => sluiceError('file_unreadable', { file: name, problem })
  if (!stats.isFile()) throw refuseFor('not a regular file')
  // Files of /proc and /sys are made when they are read.
  if (stats.size === 0n && head.length > 0) {
    throw refuseFor('its size is said to be 0, but it has bytes; load a copy of it')
  }
  const { size, mtimeMs } = stats
  const modifiedMs = Number(mtimeMs)
  return { name, sizeBytes: Number(size), version: versionOf(stats), modifiedMs, head }
}

/** @throws file_vanished, file_changed, file_unreadable */
export async function openFile(
  path: string,
  file: FileState,
  signal: AbortSignal,
): Promise<OpenFile> {
  signal.throwIfAborted()
  const quick = file.sizeBytes <= syncBytesMax && inSync(() => readWhole(path, file))
  if (quick) {
    const bytes = quick.value
    return {
      link: path,
      ranges: true,
      read: async function* ({ start, end } = { start: 0, end: bytes.length }) {
        if (start < Math.min(end, bytes.length)) yield bytes.subarray(start, end)
      },
      close: async () => {},
    }
  }
  const handle = await openAsListed(path, file)
  return {
    link: path,
    ranges: true,
    read: (range = { start: 0, end: file.sizeBytes }) =>
      readRange({ handle, path, file }, range, signal),
    close: () => handle.close(),
  }
}

/** All of a small file, with the checks of `openAsListed` and `readRange`. */
const readWhole = (path: string, file: FileState): Buffer =>
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
async function openAsListed(path: string, file: FileState): Promise<FileHandle> {
  const handle = await open(path, readOnly).catch((error) => refuse(file.name, error))
  try {
    check(await handle.stat({ bigint: true }), file)
  } catch (error) {
    await handle.close()
    throw error
  }
  return handle
}

interface LocalFile {
  handle: FileHandle
  path: string
  file: FileState
}

/** The bytes of a range. At the end of it the file is checked to be as listed. */
async function* readRange(
  { handle, path, file }: LocalFile,
  range: Range,
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
function check(stats: { size: bigint; ino: bigint; mtimeNs: bigint }, file: FileState): void {
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

/** For a file that may be there or not. */
export function noneIfVanished(error: unknown): null {
  if (error instanceof SluiceError && error.code === 'file_vanished') return null
  throw error
}
