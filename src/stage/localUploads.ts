/** Uploads in a folder of the stage: each a file of its name, and beside it what its bytes hash to. */
import { createHash } from 'node:crypto'
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { noUploadLimits, type UploadLimits } from '../domain/upload.ts'
import { listFile, noneIfVanished, openFile } from '../io/localFile.ts'
import { PartialUploads } from './partialUpload.ts'
import type { Hashed, Uploads } from './stage.ts'
import { limited, mustHash } from './uploadChecks.ts'
import { moveTo, writeWhole } from './write.ts'

/** @param limits for those who write; a reader needs none */
export function localUploads(folder: string, limits: UploadLimits = noUploadLimits): Uploads {
  // Names are checked against the spec's pattern where they come in: no folders, no dot in front.
  const path = (name: string) => join(folder, name)
  const digestPath = (name: string) => join(folder, `.${name}.sha256`)
  const partialPath = (name: string) => join(folder, `.${name}.part`)
  const partials = new PartialUploads(partialPath)
  /** @throws upload_too_large, uploads_full */
  const within = async (name: string, bytes: AsyncIterable<Buffer>, there = 0) =>
    limited(bytes, { name, there, limits, allBytes: await bytesIn(folder, limits) })
  // With the version, since a later upload of the name may write its own in between.
  const keep = (name: string, { version, sha256 }: Hashed) =>
    writeFile(digestPath(name), `${version} ${sha256}`)
  const keptDigest = async ({ name, version }: { name: string; version: string }) => {
    const text = await readFile(digestPath(name), 'utf8').catch(() => '')
    const [of, sha256] = text.split(' ')
    return of === version && sha256 ? sha256 : null
  }
  return {
    async put(name, bytes, { sha256: given } = {}) {
      const hash = createHash('sha256')
      const tap = (chunk: Buffer) => void hash.update(chunk)
      let sha256 = ''
      const checked = async function* () {
        yield* await within(name, bytes)
        sha256 = hash.digest('hex')
        mustHash(name, sha256, given)
      }
      const staged = await writeWhole(path(name), checked(), { tap, replace: true })
      await keep(name, { ...staged, sha256 })
      return { ...staged, sha256 }
    },
    async add(name, { offset, bytes, isLast, sha256: given }) {
      const part = { offset, bytes: await within(name, bytes, offset) }
      const sizeBytes = await partials.add(name, part)
      if (!isLast) return { sizeBytes, isComplete: false, sha256: null }
      const sha256 = await partials.sha256(name)
      try {
        mustHash(name, sha256, given)
      } catch (error) {
        await partials.remove(name)
        throw error
      }
      await keep(name, { ...(await moveTo(path(name), partialPath(name))), sha256 })
      return { sizeBytes, isComplete: true, sha256 }
    },
    async progress(name) {
      const offset = await partials.offset(name)
      if (offset !== null) return { sizeBytes: offset, isComplete: false, sha256: null }
      const whole = await listFile(path(name), name).catch(noneIfVanished)
      if (!whole) return null
      const { sizeBytes, version } = whole
      return { sizeBytes, isComplete: true, sha256: await keptDigest({ name, version }) }
    },
    async stat(name) {
      const found = await listFile(path(name), name).catch(noneIfVanished)
      if (!found) return null
      const { name: _, ...state } = found
      return state
    },
    open: (file, signal) => openFile(path(file.name), file, signal),
    sha256: keptDigest,
    async remove(name) {
      const there = await stat(path(name)).catch(() => null)
      await rm(path(name), { force: true })
      await rm(digestPath(name), { force: true })
      return (await partials.remove(name)) || there !== null
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

/** All that lies there; it is counted only where there is a limit. */
async function bytesIn(folder: string, { allMax }: UploadLimits): Promise<number> {
  if (allMax === noUploadLimits.allMax) return 0
  const names = await readdir(folder).catch(() => [])
  let bytes = 0
  for (const name of names) bytes += (await stat(join(folder, name)).catch(() => null))?.size ?? 0
  return bytes
}
