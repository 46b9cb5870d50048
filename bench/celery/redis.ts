/**
 * A Redis of the bench's own: the one on the PATH, or Debian's package unpacked into bench/data.
 *
 * Nothing is installed into the system. Redis is only run here, never shipped with Sluice.
 */
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../../src/dev/port.ts'
import { startChild } from '../../src/dev/process.ts'
import type { Ground, Skip } from '../side.ts'
import { type Command, lastWords } from './command.ts'

export interface Redis {
  command: string
  env: NodeJS.ProcessEnv
  version: string
}

const readyWaitMs = 10_000
const stopWaitMs = 5000
const advice = 'Install redis-server (apt install redis-server, brew install redis).'

export async function findRedis(
  cache: string,
  command: Command,
  say: (line: string) => void,
): Promise<Redis | Skip> {
  const unpacked = join(cache, 'redis')
  const found =
    (await look('redis-server', process.env, command)) ?? (await lookUnpacked(unpacked, command))
  if (found) return found
  if (process.platform !== 'linux' || (await command('apt-get', ['--version'])).code !== 0) {
    return { skipped: `There is no redis-server on the PATH. ${advice}` }
  }
  say("Redis: unpacking Debian's package into bench/data …")
  const problem = await unpack(unpacked, command)
  if (problem) return { skipped: `No redis-server on the PATH, and ${problem}. ${advice}` }
  return (
    (await lookUnpacked(unpacked, command)) ?? {
      skipped: `Debian's redis-server does not run here. ${advice}`,
    }
  )
}

async function look(
  redis: string,
  env: NodeJS.ProcessEnv,
  command: Command,
): Promise<Redis | null> {
  const { code, output } = await command(redis, ['--version'], { env })
  const version = /v=(\S+)/.exec(output)?.[1]
  return code === 0 && version ? { command: redis, env, version } : null
}

/** Its libraries lie beside it, in the folder that Debian names after the kind of machine. */
async function lookUnpacked(folder: string, command: Command): Promise<Redis | null> {
  const libraries = join(folder, 'usr/lib')
  const names = await readdir(libraries).catch(() => null)
  if (!names) return null
  const LD_LIBRARY_PATH = names.map((name) => join(libraries, name)).join(':')
  return look(join(folder, 'usr/bin/redis-server'), { ...process.env, LD_LIBRARY_PATH }, command)
}

/** @returns what went wrong */
async function unpack(folder: string, command: Command): Promise<string | null> {
  await mkdir(join(folder, '..'), { recursive: true })
  const temporary = await mkdtemp(`${folder}-`)
  try {
    const names = await missingPackages(temporary, command)
    if (typeof names === 'string') return names
    const debs = join(temporary, 'debs')
    await mkdir(debs)
    const apt = [...names.options, 'download', ...names.packages]
    const got = await command('apt-get', apt, { cwd: debs })
    if (got.code !== 0) return `apt-get cannot download it (${lastWords(got.output)})`
    for (const deb of await readdir(debs)) {
      const files = join(temporary, 'files')
      const { code, output } = await command('dpkg-deb', ['--extract', join(debs, deb), files])
      if (code !== 0) return `dpkg-deb cannot unpack it (${lastWords(output)})`
    }
    await rm(folder, { recursive: true, force: true })
    await rename(join(temporary, 'files'), folder)
    return null
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
}

interface Packages {
  packages: string[]
  /** What apt-get must be told to know of them. */
  options: string[]
}

/** Redis with what it needs and this system lacks; by lists of our own where it has none. */
async function missingPackages(temporary: string, command: Command): Promise<Packages | string> {
  const unsandboxed = ['-o', 'APT::Sandbox::User=root']
  const known = await simulate(unsandboxed, command)
  if (known.length > 0) return { packages: known, options: unsandboxed }
  const [lists, cache] = [join(temporary, 'lists'), join(temporary, 'cache')]
  await mkdir(join(lists, 'partial'), { recursive: true })
  await mkdir(join(cache, 'archives/partial'), { recursive: true })
  const places = ['-o', `Dir::State::lists=${lists}`, '-o', `Dir::Cache=${cache}`]
  const options = [...unsandboxed, ...places]
  const updated = await command('apt-get', [...options, '-qq', 'update'])
  const packages = await simulate(options, command)
  if (packages.length > 0) return { packages, options }
  return `apt-get does not know it (${lastWords(updated.output) || 'not in its lists'})`
}

/** Names what apt-get would install anew; what it would only renew is here already. */
async function simulate(options: string[], command: Command): Promise<string[]> {
  const install = ['--simulate', '--no-install-recommends', 'install', 'redis-server']
  const env = { ...process.env, LC_ALL: 'C' }
  const { output } = await command('apt-get', [...options, ...install], { env })
  return [...output.matchAll(/^Inst (\S+) \(/gm)].map(([, name]) => name as string)
}

/** With its defaults: a snapshot to disk now and then, no log of every write. */
export async function startRedis(
  { command, env }: Redis,
  { folder, closing }: Pick<Ground, 'folder' | 'closing'>,
): Promise<string> {
  const port = await freePort(0)
  const dir = join(folder, 'redis')
  await mkdir(dir)
  const args = ['--bind', '127.0.0.1', '--port', String(port), '--dir', dir]
  const starting = startChild(command, args, { env, log: join(folder, 'redis.log') })
  const child = await closing.addStarting(starting, (it) => it.stop('SIGTERM', stopWaitMs))
  const deadlineMs = Date.now() + readyWaitMs
  while (!(await child.printed()).includes('Ready to accept connections')) {
    if (!child.isRunning() || Date.now() > deadlineMs) {
      throw new Error(`Redis is not ready:\n${await child.printed()}`)
    }
    await sleep(25)
  }
  closing.watch('Redis', child.exited)
  return `redis://127.0.0.1:${port}`
}
