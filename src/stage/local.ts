/** A stage in a folder, which all workers and the API share. */
import {
  type BigIntStats,
  closeSync,
  constants,
  type Dir,
  fstatSync,
  linkSync,
  openSync,
  readSync,
  rmSync,
} from 'node:fs'
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
  unlink,
  writeFile,
} from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { UploadLimits } from '../domain/upload.ts'
import { versionOf } from '../domain/version.ts'
import { sluiceError } from '../errors.ts'
import { chunksOf } from '../io/chunks.ts'
import { mapOrdered } from '../io/mapOrdered.ts'
import { inSync, syncBytesMax } from '../io/syncRead.ts'
import { localSpool } from './localSpool.ts'
import { localUploads } from './localUploads.ts'
import type { Stage, StagedFile, StagedState, StageFolder } from './stage.ts'
import { adopt, unlinkable, writeWhole } from './write.ts'

const chunkBytes = 256 * 1024
const removedAtOnce = 32

/** @param folder absolute; `ingests/<id>/<file number>` and `uploads/<name>` lie in it, and `ledgers/<id>` */
export function localStage(folder: string, { uploads }: { uploads?: UploadLimits } = {}): Stage {
  const folderOf = (ingestId: string) => join(folder, 'ingests', ingestId)
  const pathOf = ({ ingestId, fileNo, stagedAs }: StagedFile) =>
    join(folderOf(ingestId), stagedAs ?? String(fileNo))
  return {
    put: (file, bytes, tap) => writeWhole(pathOf(file), bytes, { tap, replace: false }),
    async pin(file, path) {
      const to = pathOf(file)
      try {
        await linkTo(path, to)
        return true
      } catch (error) {
        const { code = '' } = error as NodeJS.ErrnoException
        // Another attempt was faster: with a link, or with a copy, which is none.
        if (code === 'EEXIST') return isSameFile(path, to)
        if (unlinkable.includes(code)) return false
        throw error
      }
    },
    read: (file, range) => readRange(pathOf(file), file, range),
    async local(file) {
      const handle = await openStaged(pathOf(file), file)
      const stats = await handle.stat({ bigint: true }).finally(() => handle.close())
      check(stats, file)
      return pathOf(file)
    },
    async scratch(ingestId) {
      await mkdir(folderOf(ingestId), { recursive: true })
      const path = await mkdtemp(join(folderOf(ingestId), 'scratch-'))
      return { path, remove: () => rm(path, { recursive: true, force: true }) }
    },
    spool: (ingestId) => localSpool(folderOf(ingestId)),
    adopt: (file, path) => adopt(pathOf(file), path),
    remove: (file) => rm(pathOf(file), { force: true }),
    clear: (ingestId) => clear(folderOf(ingestId)),
    folders: () => foldersIn(join(folder, 'ingests')),
    async claim(ledger) {
      const claims = join(folder, 'ledgers')
      await mkdir(claims, { recursive: true })
      await writeFile(join(claims, ledger), '')
      return (await readdir(claims)).length
    },
    uploads: localUploads(join(folder, 'uploads'), uploads),
  }
}

async function* foldersIn(path: string): AsyncGenerator<StageFolder> {
  const folder = await opendir(path).catch(() => null)
  if (!folder) return
  for await (const { name } of folder) {
    const stats = await stat(join(path, name)).catch(() => null)
    if (stats?.isDirectory()) {
      yield { ingestId: name, quietMs: async () => Date.now() - stats.mtimeMs }
    }
  }
}

/** The folder is made when it is missing, which is once an ingest. */
async function linkTo(path: string, to: string): Promise<void> {
  const attempt = async () => inSync(() => linkSync(path, to)) || link(path, to)
  try {
    await attempt()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    await mkdir(dirname(to), { recursive: true })
    await attempt()
  }
}

async function isSameFile(path: string, other: string): Promise<boolean> {
  const [one, two] = await Promise.all([stat(path), stat(other)])
  return one.dev === two.dev && one.ino === two.ino
}

/** Several at once: there may be a million of them. */
async function clear(folder: string): Promise<void> {
  const entries = await opendir(folder, { bufferSize: 1024 }).catch((error) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  // What is left, a scratch folder or a file that came in between, is for `rm`.
  const remove = async (name: string) => {
    const path = join(folder, name)
    return inSync(() => rmSync(path, { force: true })) ?? unlink(path).catch(() => {})
  }
  if (entries) for await (const _ of mapOrdered(filesIn(entries), removedAtOnce, remove));
  await rm(folder, { recursive: true, force: true })
}

async function* filesIn(entries: Dir): AsyncGenerator<string> {
  for await (const entry of entries) if (entry.isFile()) yield entry.name
}

async function* readRange(
  path: string,
  file: StagedState,
  range: { start: number; end: number },
): AsyncGenerator<Buffer> {
  if (range.end - range.start <= syncBytesMax) {
    const quick = inSync(() => readNow(path, file, range))
    if (quick) {
      if (quick.value.length > 0) yield quick.value
      return
    }
  }
  const handle = await openStaged(path, file)
  try {
    check(await handle.stat({ bigint: true }), file)
    let at = range.start
    for await (const chunk of chunksOf(handle, range, chunkBytes)) {
      at += chunk.length
      yield chunk
    }
    if (at < range.end) throw damaged(file, `it ends at byte ${at}`)
    check(await handle.stat({ bigint: true }), file)
  } finally {
    await handle.close()
  }
}

function readNow(path: string, file: StagedState, range: { start: number; end: number }): Buffer {
  let fd: number | null = null
  try {
    fd = openSync(path, constants.O_RDONLY)
    check(fstatSync(fd, { bigint: true }), file)
    const buffer = Buffer.allocUnsafe(range.end - range.start)
    const bytesRead = readSync(fd, buffer, 0, buffer.length, range.start)
    if (bytesRead < buffer.length) throw damaged(file, `it ends at byte ${range.start + bytesRead}`)
    check(fstatSync(fd, { bigint: true }), file)
    return buffer
  } catch (error) {
    throw orGone(file, error)
  } finally {
    if (fd !== null) closeSync(fd)
  }
}

const openStaged = (path: string, file: StagedState): Promise<FileHandle> =>
  open(path, constants.O_RDONLY).catch((error) => {
    throw orGone(file, error)
  })

const orGone = (file: StagedState, error: unknown): unknown =>
  (error as NodeJS.ErrnoException).code === 'ENOENT' ? damaged(file, 'it is gone') : error

function check(stats: BigIntStats, file: StagedState): void {
  if (Number(stats.size) !== file.sizeBytes) {
    throw damaged(file, `it had ${file.sizeBytes} bytes and has ${stats.size}`)
  }
  if (versionOf(stats) !== file.stagedVersion) {
    throw damaged(file, 'it was written to')
  }
}

const damaged = ({ name, pinned }: StagedState, problem: string): Error =>
  sluiceError(pinned ? 'file_changed' : 'staged_file_damaged', { file: name, problem })
