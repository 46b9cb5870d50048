/** A stage in a folder, which all workers and the API share. */
import { constants } from 'node:fs'
import { link, mkdir, open, readdir, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { sluiceError } from '../errors.ts'
import type { Stage, StagedFile, Uploads } from './stage.ts'
import { writeWhole } from './write.ts'

const chunkBytes = 256 * 1024

/** @param folder absolute; `ingests/<id>/<file number>` and `uploads/<name>` lie in it */
export function localStage(folder: string): Stage {
  const folderOf = (ingestId: string) => join(folder, 'ingests', ingestId)
  const pathOf = (file: StagedFile) => join(folderOf(file.ingestId), String(file.fileNo))
  return {
    put: (file, bytes, tap) => writeWhole(pathOf(file), bytes, tap),
    async link(file, path) {
      const to = pathOf(file)
      await mkdir(dirname(to), { recursive: true })
      await rm(to, { force: true })
      await link(path, to)
    },
    read: (file, range) => readRange(pathOf(file), file, range),
    clear: (ingestId) => rm(folderOf(ingestId), { recursive: true, force: true }),
    uploads: localUploads(join(folder, 'uploads')),
  }
}

async function* readRange(
  path: string,
  file: { name: string; sizeBytes: number },
  range: { start: number; end: number },
): AsyncGenerator<Buffer> {
  const damaged = (problem: string) =>
    sluiceError('staged_file_damaged', { file: file.name, problem })
  const handle = await open(path, constants.O_RDONLY).catch((error) => {
    throw error.code === 'ENOENT' ? damaged('it is gone') : error
  })
  const check = async () => {
    const { size } = await handle.stat()
    if (size !== file.sizeBytes) throw damaged(`it had ${file.sizeBytes} bytes and has ${size}`)
  }
  try {
    await check()
    for (let at = range.start; at < range.end; ) {
      const length = Math.min(chunkBytes, range.end - at)
      const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(length), 0, length, at)
      if (bytesRead === 0) throw damaged(`it ends at byte ${at}`)
      at += bytesRead
      yield buffer.subarray(0, bytesRead)
    }
    await check()
  } finally {
    await handle.close()
  }
}

function localUploads(folder: string): Uploads {
  // Names are checked against the spec's pattern where they come in: no folders, no dot in front.
  const path = (name: string) => join(folder, name)
  return {
    put: (name, bytes) => writeWhole(path(name), bytes, () => {}),
    path,
    async remove(name) {
      const there = await stat(path(name)).catch(() => null)
      await rm(path(name), { force: true })
      return there !== null
    },
    async expire(olderThanMs) {
      const names = await readdir(folder).catch(() => [])
      const before = Date.now() - olderThanMs
      let removed = 0
      for (const name of names) {
        const stats = await stat(path(name)).catch(() => null)
        if (!stats || stats.mtimeMs >= before) continue
        await rm(path(name), { force: true })
        removed++
      }
      return removed
    },
  }
}
