/** Uploads in a folder of the stage: each a file of its name, and beside it what its bytes hash to. */
import { createHash } from 'node:crypto'
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SluiceError } from '../errors.ts'
import { listFile, openFile } from '../io/localFile.ts'
import type { Uploads } from './stage.ts'
import { writeWhole } from './write.ts'

export function localUploads(folder: string): Uploads {
  // Names are checked against the spec's pattern where they come in: no folders, no dot in front.
  const path = (name: string) => join(folder, name)
  const digestPath = (name: string) => join(folder, `.${name}.sha256`)
  return {
    async put(name, bytes) {
      const hash = createHash('sha256')
      const tap = (chunk: Buffer) => void hash.update(chunk)
      const staged = await writeWhole(path(name), bytes, { tap, replace: true })
      const sha256 = hash.digest('hex')
      // With the version, since a later upload of the name may write its own in between.
      await writeFile(digestPath(name), `${staged.version} ${sha256}`)
      return { ...staged, sha256 }
    },
    async stat(name) {
      const found = await listFile(path(name), name).catch(orNone)
      if (!found) return null
      const { name: _, ...state } = found
      return state
    },
    open: (file, signal) => openFile(path(file.name), file, signal),
    async sha256({ name, version }) {
      const text = await readFile(digestPath(name), 'utf8').catch(() => '')
      const [of, sha256] = text.split(' ')
      return of === version && sha256 ? sha256 : null
    },
    async remove(name) {
      const there = await stat(path(name)).catch(() => null)
      await rm(path(name), { force: true })
      await rm(digestPath(name), { force: true })
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
        if (!name.endsWith('.sha256') || !name.startsWith('.')) removed++
      }
      return removed
    },
  }
}

function orNone(error: unknown): null {
  if (error instanceof SluiceError && error.code === 'file_vanished') return null
  throw error
}
