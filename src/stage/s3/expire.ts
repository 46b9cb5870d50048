/** Uploads that are old, and what broken uploads have left. */
import type { Bucket } from './bucket.ts'
import { folderOf, readWhole, removeWhole, root } from './uploadFiles.ts'

/** What lies below the folder of an upload, by what the keys begin with, and when that was written last. */
interface Seen {
  name: string
  newestMs: Map<string, number>
}

/** @returns how many uploads were removed, those of which a part only had arrived among them */
export async function expireUploads(bucket: Bucket, olderThanMs: number): Promise<number> {
  const before = Date.now() - olderThanMs
  let removed = 0
  for await (const seen of seenIn(bucket)) {
    const isOld = [...seen.newestMs.values()].some((ms) => ms < before)
    if (isOld) removed += await removeOld(bucket, seen, before)
  }
  return removed
}

/** One upload after the other: all keys of one follow one another. */
async function* seenIn(bucket: Bucket): AsyncGenerator<Seen> {
  let seen: Seen = { name: '', newestMs: new Map() }
  for await (const { key, modifiedMs } of bucket.list(root)) {
    const name = key.slice(root.length, key.indexOf('/', root.length))
    if (seen.name !== name) {
      yield seen
      seen = { name, newestMs: new Map() }
    }
    const base = key.slice(0, key.lastIndexOf('/') + 1)
    // A store that tells no time has written everything just now.
    const ms = modifiedMs || Date.now()
    seen.newestMs.set(base, Math.max(seen.newestMs.get(base) ?? 0, ms))
  }
  yield seen
}

async function removeOld(
  bucket: Bucket,
  { name, newestMs }: Seen,
  before: number,
): Promise<number> {
  const whole = await readWhole(bucket, name)
  // It is as old as its description, which was written last.
  const isWholeOld = (newestMs.get(folderOf(name)) ?? 0) < before
  let removed = 0
  if (whole && isWholeOld && (await removeWhole(bucket, name))) removed++
  for (const [base, ms] of newestMs) {
    if (ms >= before || base === folderOf(name) || base === whole?.base) continue
    await bucket.clear(base)
    if (base.startsWith(`${folderOf(name)}parts/`)) removed++
  }
  return removed
}
