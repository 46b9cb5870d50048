/**
 * Where uploads lie in a store. Below `uploads/<name>/`:
 *
 * - `upload.json` tells of the upload: one that has no such object is none, and one that is written
 *   over is replaced.
 * - `whole/<id>/` and `parts/<number>-<id>/` have its bytes, as parts of a file. The latter are of an
 *   upload that comes in parts; what has arrived of it is what lies there.
 */
import { randomUUID } from 'node:crypto'
import type { Bucket } from './bucket.ts'
import { parsePartKey, type StoredPart } from './parts.ts'
import { fromList, toList } from './whole.ts'

/** An upload whose last byte is in. */
export interface WholeUpload {
  /** What the keys of its parts begin with. It is the version of the upload: no other one has it. */
  base: string
  parts: StoredPart[]
  sizeBytes: number
  sha256: string
  modifiedMs: number
}

/** An upload that comes in parts. */
export interface Arrived {
  base: string
  parts: StoredPart[]
  sizeBytes: number
}

export const root = 'uploads/'
export const folderOf = (name: string): string => `${root}${name}/`
export const wholeFolderOf = (name: string): string => `${folderOf(name)}whole/`
const partsFolderOf = (name: string): string => `${folderOf(name)}parts/`
const descriptionOf = (name: string): string => `${folderOf(name)}upload.json`

export async function readWhole(bucket: Bucket, name: string): Promise<WholeUpload | null> {
  const found = await bucket.get(descriptionOf(name), name)
  if (!found) return null
  const { parts, base, ...rest } = JSON.parse(found.bytes.toString())
  return { ...rest, ...fromList(base, parts) }
}

/** From here on it is the upload of that name. The bytes of the one before it are removed. */
export async function saveWhole(bucket: Bucket, name: string, upload: WholeUpload): Promise<void> {
  const before = await readWhole(bucket, name)
  const text = JSON.stringify({ ...upload, parts: toList(upload.parts) })
  await bucket.put(descriptionOf(name), Buffer.from(text), name)
  if (before && before.base !== upload.base) await bucket.clear(before.base)
}

/** @returns whether there was one */
export async function removeWhole(bucket: Bucket, name: string): Promise<boolean> {
  const before = await readWhole(bucket, name)
  if (!before) return false
  await bucket.remove(descriptionOf(name))
  await bucket.clear(before.base)
  return true
}

/** What has arrived, by upload: the newest one, and the others. */
export async function listArrived(
  bucket: Bucket,
  name: string,
): Promise<{ newest: Arrived | null; older: string[] }> {
  const whole = await readWhole(bucket, name)
  const arrived: Arrived[] = []
  // In the order of their keys, so the newest one is the last, and its parts come as they follow.
  for await (const { key, sizeBytes, etag } of bucket.list(partsFolderOf(name))) {
    const slash = key.lastIndexOf('/') + 1
    const base = key.slice(0, slash)
    const at = parsePartKey(key.slice(slash))
    if (isDone(base, whole, name) || at?.sizeBytes !== sizeBytes || etag === null) continue
    if (base !== arrived.at(-1)?.base) arrived.push({ base, parts: [], sizeBytes: 0 })
    take(arrived.at(-1) as Arrived, { offset: at.offset, sizeBytes, etag })
  }
  const newest = arrived.pop() ?? null
  return { newest, older: arrived.map(({ base }) => base) }
}

/**
 * Two requests of one client may have sent the same bytes, in parts of other lengths: one part of
 * those that begin at a byte is enough, the longest of them.
 */
function take(arrived: Arrived, { offset, ...part }: StoredPart & { offset: number }): void {
  const last = arrived.parts.at(-1)
  const lastOffset = arrived.sizeBytes - (last?.sizeBytes ?? 0)
  if (offset === arrived.sizeBytes) {
    if (last?.sizeBytes === 0) arrived.parts.pop()
    arrived.parts.push(part)
  } else if (last && offset === lastOffset && part.sizeBytes > last.sizeBytes) {
    arrived.parts[arrived.parts.length - 1] = part
  } else return
  arrived.sizeBytes = offset + part.sizeBytes
}

/** It is the upload itself, or began before that. */
function isDone(base: string, whole: WholeUpload | null, name: string): boolean {
  const done = whole?.base ?? ''
  return done.startsWith(partsFolderOf(name)) && base <= done
}

/** Where an upload goes that begins anew: behind all that have begun before. */
export async function newBase(bucket: Bucket, name: string): Promise<string> {
  let most = 0
  for await (const folder of bucket.folders(partsFolderOf(name))) {
    most = Math.max(most, Number.parseInt(folder, 10) || 0)
  }
  const number = String(most + 1).padStart(10, '0')
  return `${partsFolderOf(name)}${number}-${randomUUID()}/`
}
