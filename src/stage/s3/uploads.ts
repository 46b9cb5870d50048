/** Uploads in a store: all that is known of them lies there, so any API goes on with one. */
import { createHash } from 'node:crypto'
import { noUploadLimits, type UploadLimits } from '../../domain/upload.ts'
import { sluiceError } from '../../errors.ts'
import type { FileState, OpenFile } from '../../io/openFile.ts'
import type { Hashed, UploadOptions, UploadPart, UploadProgress, Uploads } from '../stage.ts'
import { limited, mustHash } from '../uploadChecks.ts'
import { UploadWriters, untilAborted } from '../uploadWriters.ts'
import { expireUploads } from './expire.ts'
import { readParts, type StoredFile, sizeOf } from './parts.ts'
import { PartWriter } from './partWriter.ts'
import {
  type Arrived,
  listArrived,
  newBase,
  readWhole,
  removeWhole,
  root,
  saveWhole,
  wholeFolderOf,
} from './uploadFiles.ts'
import { type Store, writeWhole } from './whole.ts'

/** @param limits for those who write; a reader needs none */
export function s3Uploads(store: Store, limits: UploadLimits = noUploadLimits): Uploads {
  const { bucket } = store
  const writers = new UploadWriters()
  const within = async (name: string, bytes: AsyncIterable<Buffer>, there = 0) =>
    limited(bytes, { name, there, limits, allBytes: await bytesIn(store, limits) })
  return {
    put: async (name, bytes, options) => putWhole(store, name, await within(name, bytes), options),
    add: async (name, part) => {
      const bytes = await within(name, part.bytes, part.offset)
      return writers.replace(name, (signal) => addPart(store, name, { ...part, bytes, signal }))
    },
    async progress(name) {
      await writers.end(name)
      const { newest } = await listArrived(bucket, name)
      if (newest) return { sizeBytes: newest.sizeBytes, isComplete: false, sha256: null }
      const whole = await readWhole(bucket, name)
      return whole && { sizeBytes: whole.sizeBytes, isComplete: true, sha256: whole.sha256 }
    },
    async stat(name) {
      const whole = await readWhole(bucket, name)
      if (!whole) return null
      const { sizeBytes, base: version, modifiedMs } = whole
      return { sizeBytes, version, modifiedMs }
    },
    open: (file, signal) => open(store, file, signal),
    async sha256({ name, version }) {
      const whole = await readWhole(bucket, name)
      return whole?.base === version ? whole.sha256 : null
    },
    async remove(name) {
      await writers.end(name)
      const { newest, older } = await listArrived(bucket, name)
      for (const base of newest ? [...older, newest.base] : older) await bucket.clear(base)
      return (await removeWhole(bucket, name)) || newest !== null
    },
    expire: (olderThanMs) => expireUploads(bucket, olderThanMs),
  }
}

async function putWhole(
  store: Store,
  name: string,
  bytes: AsyncIterable<Buffer>,
  { sha256: given }: UploadOptions = {},
): Promise<Hashed> {
  const hash = createHash('sha256')
  let sha256 = ''
  const checked = async function* () {
    for await (const chunk of bytes) {
      hash.update(chunk)
      yield chunk
    }
    sha256 = hash.digest('hex')
    mustHash(name, sha256, given)
  }
  const written = await writeWhole(store, wholeFolderOf(name), checked(), { file: name })
  await saveWhole(store.bucket, name, { ...written, sha256, modifiedMs: Date.now() })
  return { sizeBytes: written.sizeBytes, version: written.base, sha256 }
}

async function addPart(
  store: Store,
  name: string,
  { offset, bytes, isLast, sha256: given, signal }: UploadPart & { signal: AbortSignal },
): Promise<UploadProgress> {
  const { bucket, sending } = store
  const before = await beginAt(store, name, offset)
  const { base } = before
  const hash = createHash('sha256')
  const writer = new PartWriter({ bucket, sending, base, offset, file: name })
  try {
    for await (const chunk of untilAborted(bytes, signal)) {
      hash.update(chunk)
      await writer.add(chunk)
    }
  } catch (error) {
    // What has arrived stays.
    if (writer.bytes > 0 || offset === 0) await writer.end().catch(() => {})
    throw error
  }
  // An upload of nothing is one, too: its first part has no bytes.
  const isMore = writer.bytes > 0 || offset === 0
  const parts = [...before.parts, ...(isMore ? await writer.end() : [])]
  const sizeBytes = sizeOf(parts)
  if (!isLast) return { sizeBytes, isComplete: false, sha256: null }
  const sha256 = offset === 0 ? hash.digest('hex') : await hashOf(store, name, { base, parts })
  try {
    mustHash(name, sha256, given)
  } catch (error) {
    await bucket.clear(base)
    throw error
  }
  await saveWhole(bucket, name, { base, parts, sizeBytes, sha256, modifiedMs: Date.now() })
  return { sizeBytes, isComplete: true, sha256 }
}

/** @throws upload_not_found, upload_offset_differs */
async function beginAt({ bucket }: Store, name: string, offset: number): Promise<Arrived> {
  const { newest, older } = await listArrived(bucket, name)
  if (offset === 0) {
    const base = await newBase(bucket, name)
    for (const before of newest ? [...older, newest.base] : older) await bucket.clear(before)
    return { base, parts: [], sizeBytes: 0 }
  }
  if (!newest) throw sluiceError('upload_not_found', { name })
  const { sizeBytes: size } = newest
  if (size !== offset) throw sluiceError('upload_offset_differs', { name, offset, size })
  return newest
}

/** What lies there is what was sent: it is read back, as no process needs to have seen all of it. */
async function hashOf({ bucket }: Store, name: string, stored: StoredFile): Promise<string> {
  const hash = createHash('sha256')
  const range = { start: 0, end: sizeOf(stored.parts) }
  const gone = () => sluiceError('upload_not_found', { name })
  for await (const bytes of readParts(bucket, stored, { range, name, gone })) hash.update(bytes)
  return hash.digest('hex')
}

async function open({ bucket }: Store, file: FileState, signal: AbortSignal): Promise<OpenFile> {
  signal.throwIfAborted()
  const { name, version, sizeBytes } = file
  const whole = await readWhole(bucket, name)
  if (!whole) throw sluiceError('file_vanished', { file: name })
  const gone = (problem: string) => sluiceError('file_changed', { file: name, problem })
  if (whole.base !== version) throw gone('it was replaced')
  return {
    link: null,
    ranges: true,
    read: (range = { start: 0, end: sizeBytes }) =>
      readParts(bucket, whole, { range, name, gone, signal }),
    close: async () => {},
  }
}

/** All that lies there; it is counted only where there is a limit. */
async function bytesIn({ bucket }: Store, { allMax }: UploadLimits): Promise<number> {
  if (allMax === noUploadLimits.allMax) return 0
  let bytes = 0
  for await (const { sizeBytes } of bucket.list(root)) bytes += sizeBytes
  return bytes
}
