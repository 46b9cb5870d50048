/** Reads a local file that must stay as it was when it was listed. */
import { type FileHandle, open, stat } from 'node:fs/promises'
import { versionOf } from '../domain/version.ts'
import type { ListedFile } from '../domain/words.ts'
import { messageOf, sluiceError } from '../errors.ts'
import type { OpenFile } from './source.ts'

const chunkBytes = 1 << 20

/** @throws file_unreadable, file_vanished */
export async function listFile(path: string, name: string): Promise<ListedFile> {
  const stats = await stat(path, { bigint: true }).catch((error) => refuse(name, error))
  if (!stats.isFile())
    throw sluiceError('file_unreadable', { file: name, problem: 'not a regular file' })
  return { name, sizeBytes: Number(stats.size), version: versionOf(stats) }
}

/** @throws file_vanished, file_changed, file_unreadable */
export async function openFile(path: string, file: ListedFile): Promise<OpenFile> {
  const handle = await open(path, 'r').catch((error) => refuse(file.name, error))
  try {
    await check(handle, path, file)
  } catch (error) {
    await handle.close()
    throw error
  }
  return { path, read: (signal) => read(handle, path, file, signal), close: () => handle.close() }
}

async function* read(
  handle: FileHandle,
  path: string,
  file: ListedFile,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  // Two buffers in turn: the consumer is done with a chunk when it asks for the next one.
  let [buffer, other] = [Buffer.allocUnsafeSlow(chunkBytes), Buffer.allocUnsafeSlow(chunkBytes)]
  let position = 0
  let ahead = readAt(handle, buffer, position)
  while (true) {
    const chunk = await ahead
    signal.throwIfAborted()
    if (chunk.length === 0) break
    position += chunk.length
    // Read on while the consumer works on this chunk.
    ;[buffer, other] = [other, buffer]
    ahead = readAt(handle, buffer, position)
    ahead.catch(() => {})
    yield chunk
  }
  await check(handle, path, file)
}

async function readAt(handle: FileHandle, buffer: Buffer, position: number): Promise<Buffer> {
  const { bytesRead } = await handle.read(buffer, 0, chunkBytes, position)
  return buffer.subarray(0, bytesRead)
}

/** The open file, and what stands at its path now, are both what was listed. */
async function check(handle: FileHandle, path: string, file: ListedFile): Promise<void> {
  const open = await handle.stat({ bigint: true })
  const there = await stat(path, { bigint: true }).catch((error) => refuse(file.name, error))
  for (const stats of [open, there]) {
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
}

function refuse(file: string, error: NodeJS.ErrnoException): never {
  if (error.code === 'ENOENT') throw sluiceError('file_vanished', { file }, { cause: error })
  throw sluiceError('file_unreadable', { file, problem: messageOf(error) }, { cause: error })
}
