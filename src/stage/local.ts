/** A stage in a folder, which all workers and the API share. */
import { constants } from 'node:fs'
import {
  type FileHandle,
  link,
  mkdir,
  mkdtemp,
  open,
  opendir,
  readdir,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { versionOf } from '../domain/version.ts'
import { sluiceError } from '../errors.ts'
import type { Stage, StagedFile, StagedState, Uploads } from './stage.ts'
import { adopt, unlinkable, writeWhole } from './write.ts'

const chunkBytes = 256 * 1024

/** @param folder absolute; `ingests/<id>/<file number>` and `uploads/<name>` lie in it, and `ledgers/<id>` */
export function localStage(folder: string): Stage {
  const folderOf = (ingestId: string) => join(folder, 'ingests', ingestId)
  const pathOf = ({ ingestId, fileNo, stagedAs }: StagedFile) =>
    join(folderOf(ingestId), stagedAs ?? String(fileNo))
  return {
    put: (file, bytes, tap) => writeWhole(pathOf(file), bytes, { tap, replace: false }),
    async pin(file, path) {
      const to = pathOf(file)
      await mkdir(dirname(to), { recursive: true })
      return link(path, to).then(
        () => true,
        (error) => {
          // Another attempt was faster; `read` finds out should it have linked another file.
          if (error.code === 'EEXIST') return true
          if (unlinkable.includes(error.code)) return false
          throw error
        },
      )
    },
    read: (file, range) => readRange(pathOf(file), file, range),
    async local(file) {
      const handle = await openStaged(pathOf(file), file)
      await check(handle, file).finally(() => handle.close())
      return pathOf(file)
    },
    async scratch(ingestId) {
      await mkdir(folderOf(ingestId), { recursive: true })
      const path = await mkdtemp(join(folderOf(ingestId), 'scratch-'))
      return { path, remove: () => rm(path, { recursive: true, force: true }) }
    },
    adopt: (file, path) => adopt(pathOf(file), path),
    remove: (file) => rm(pathOf(file), { force: true }),
    clear: (ingestId) => rm(folderOf(ingestId), { recursive: true, force: true }),
    folders: () => foldersIn(join(folder, 'ingests')),
    async claim(ledger) {
      const claims = join(folder, 'ledgers')
      await mkdir(claims, { recursive: true })
      await writeFile(join(claims, ledger), '')
      return (await readdir(claims)).length
    },
    uploads: localUploads(join(folder, 'uploads')),
  }
}

async function* foldersIn(path: string): AsyncGenerator<{ ingestId: string; quietMs: number }> {
  const folder = await opendir(path).catch(() => null)
  if (!folder) return
  for await (const { name } of folder) {
    const stats = await stat(join(path, name)).catch(() => null)
    if (stats?.isDirectory()) yield { ingestId: name, quietMs: Date.now() - stats.mtimeMs }
  }
}

async function* readRange(
  path: string,
  file: StagedState,
  range: { start: number; end: number },
): AsyncGenerator<Buffer> {
  const handle = await openStaged(path, file)
  try {
    await check(handle, file)
    for (let at = range.start; at < range.end; ) {
      const length = Math.min(chunkBytes, range.end - at)
      const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(length), 0, length, at)
      if (bytesRead === 0) throw damaged(file, `it ends at byte ${at}`)
      at += bytesRead
      yield buffer.subarray(0, bytesRead)
    }
    await check(handle, file)
  } finally {
    await handle.close()
  }
}

const openStaged = (path: string, file: StagedState): Promise<FileHandle> =>
  open(path, constants.O_RDONLY).catch((error) => {
    throw error.code === 'ENOENT' ? damaged(file, 'it is gone') : error
  })

async function check(handle: FileHandle, file: StagedState): Promise<void> {
  const stats = await handle.stat({ bigint: true })
  if (Number(stats.size) !== file.sizeBytes) {
    throw damaged(file, `it had ${file.sizeBytes} bytes and has ${stats.size}`)
  }
  if (versionOf(stats) !== file.stagedVersion) {
    throw damaged(file, 'it was written to')
  }
}

const damaged = ({ name, pinned }: StagedState, problem: string): Error =>
  sluiceError(pinned ? 'file_changed' : 'staged_file_damaged', { file: name, problem })

function localUploads(folder: string): Uploads {
  // Names are checked against the spec's pattern where they come in: no folders, no dot in front.
  const path = (name: string) => join(folder, name)
  return {
    put: (name, bytes) => writeWhole(path(name), bytes, { tap() {}, replace: true }),
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
