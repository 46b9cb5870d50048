/**
 * The folder of a test run: its servers, and all that tests write.
 *
 * Where there is room it is in memory. A database is 350 files, and a file system looks longer for
 * each new one the more were deleted lately: it took 0.38 s of CPU to make one, and takes 0.03 s.
 */
import { mkdtemp, readdir, rm, stat, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { availableMemory } from 'node:process'

const memory = '/dev/shm'
/** A run writes up to 2 GB there, and needs as much again for its processes. */
const roomBytes = 6e9

/** `TMPDIR` takes its place. */
export async function makeHome(): Promise<string> {
  const isRoomy = !process.env.TMPDIR && (await freeBytes()) > roomBytes
  if (isRoomy) await removeLeft()
  return mkdtemp(join(isRoomy ? memory : tmpdir(), `sluice-test-${process.pid}-`))
}

async function freeBytes(): Promise<number> {
  const { bavail, bsize } = await statfs(memory).catch(() => ({ bavail: 0, bsize: 0 }))
  return Math.min(bavail * bsize, availableMemory())
}

/** Those of runs that were killed: nobody else frees the memory. */
async function removeLeft(): Promise<void> {
  for (const name of await readdir(memory)) {
    const [, pid] = /^sluice-test-(\d+)-/.exec(name) ?? []
    if (!pid || (await stat(`/proc/${pid}`).catch(() => null))) continue
    await rm(join(memory, name), { recursive: true, force: true })
  }
}
