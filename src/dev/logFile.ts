/** The log of a child process: a file that it writes to, and that we read its first words in. */
import { type FileHandle, open, rename, stat } from 'node:fs/promises'

const logSizeBytesMax = 16 * 1024 * 1024

/** Appends to the log; one that has grown large is set aside first, and the older one dropped. */
export async function openLog(file: string): Promise<{ handle: FileHandle; sizeBytes: number }> {
  const before = await stat(file).catch(() => null)
  if (before && before.size > logSizeBytesMax) await rename(file, `${file}.1`)
  const handle = await open(file, 'a', 0o600)
  return { handle, sizeBytes: (await handle.stat()).size }
}

/** What was written behind a place, up to 64 KB. */
export async function readFrom(file: string, from: number): Promise<string> {
  const handle = await open(file, 'r')
  try {
    const { buffer, bytesRead } = await handle.read({
      buffer: Buffer.alloc(65_536),
      position: from,
    })
    return buffer.toString('utf8', 0, bytesRead)
  } finally {
    await handle.close()
  }
}
