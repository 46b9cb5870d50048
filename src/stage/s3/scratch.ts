/**
 * Scratch folders of this machine, for a stage that is elsewhere. Nobody sweeps them from another
 * machine: those of processes that were killed go when the next one opens its first.
 */
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'

const begin = `sluice-scratch-${hostname().replace(/[^A-Za-z0-9.]/g, '_')}-`
let cleared: Promise<void> | null = null

export async function openScratch(): Promise<{ path: string; remove(): Promise<void> }> {
  const folder = tmpdir()
  await mkdir(folder, { recursive: true })
  cleared ??= removeLeft(folder)
  await cleared
  const path = await mkdtemp(join(folder, `${begin}${process.pid}-`))
  return { path, remove: () => rm(path, { recursive: true, force: true }) }
}

/** Removes what processes left that are no more. Of this host only: the process ids of another one say nothing here. */
export async function removeLeft(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.startsWith(begin)) continue
    const pid = Number.parseInt(name.slice(begin.length), 10)
    if (pid !== process.pid && isAlive(pid)) continue
    await rm(join(folder, name), { recursive: true, force: true }).catch(() => {})
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
