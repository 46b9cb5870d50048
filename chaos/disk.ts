/**
 * A small disk of its own for a stage, almost full: a tmpfs, mounted by root, or by a plain user in
 * a mount namespace that the worker is started in.
 */
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '../src/dev/process.ts'

export interface SmallDisk {
  path: string
  /** What a worker must be started through to see it. */
  through: string[]
  /** Where it can be looked at, while that worker lives. */
  seenFrom(pid: number): string
  /** Makes room. */
  free(pid: number): Promise<void>
  close(): Promise<void>
}

export interface DiskSize {
  sizeBytes: number
  /** How much is free at first. */
  freeBytes: number
}

/** @returns why there is none */
export async function openSmallDisk(path: string, size: DiskSize): Promise<SmallDisk | string> {
  if (process.platform !== 'linux') return 'a small disk needs the tmpfs of Linux'
  await mkdir(path, { recursive: true })
  const isRoot = process.getuid?.() === 0
  const mounted = isRoot ? await run('sh', ['-c', lay(size), 'sh', path]) : null
  const through = mounted?.code === 0 ? [] : ['unshare', '-rm', 'sh', '-c', started(size), path]
  if (through.length > 0) {
    const probe = await run('unshare', ['-rm', 'sh', '-c', lay(size), 'sh', path])
    if (probe.code !== 0) {
      const why = [mounted?.output, probe.output].join(' ').trim().replaceAll('\n', '; ')
      return `neither mount nor unshare gives a tmpfs: ${why}`
    }
  }
  // The worker's own view of its files: also of a mount that only it has.
  const seenFrom = (pid: number) => join(`/proc/${pid}/root`, path)
  return {
    path,
    through,
    seenFrom,
    free: (pid) => rm(join(seenFrom(pid), ballast)),
    async close() {
      // The other kind goes with its namespace.
      if (through.length === 0) await run('umount', ['-l', path])
    },
  }
}

const ballast = '.ballast'

const lay = ({ sizeBytes, freeBytes }: DiskSize): string =>
  `mount -t tmpfs -o size=${sizeBytes} tmpfs "$1" &&
   head -c ${sizeBytes - freeBytes} /dev/zero > "$1/${ballast}"`

/** `$0` is the path, the rest is the worker's command. */
const started = (size: DiskSize): string => `set -- "$0" "$@"; ${lay(size)}; shift; exec "$@"`
