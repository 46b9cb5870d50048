/** The PostgreSQL server on a data folder: finds it, and ends it with all of its processes. */
import { readdir, readFile, readlink, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { run } from './process.ts'
import { assertStale, end, inspect, readClaim } from './staleServer.ts'

const fastWaitMs = 60_000
const killWaitMs = 10_000

/** Where the server of a data folder is claimed: beside the folder, not in it. */
export const claimFile = (dataDir: string): string => join(dirname(dataDir), 'claim.json')

/**
 * Ends the server that a killed parent left running on this folder, and clears its traces.
 *
 * Throws when its parent still lives. `dataDir` must be a real path.
 */
export async function endLeftServer(dataDir: string): Promise<number | null> {
  const pidFile = join(dataDir, 'postmaster.pid')
  const text = await readFile(pidFile, 'utf8').catch(() => null)
  const pid = text === null ? null : Number.parseInt(text, 10)
  const running = pid !== null && pid > 0 && isServerOf(dataDir, (await inspect(pid))?.command)
  if (running) {
    await assertStale(pid, await readClaim(claimFile(dataDir)))
    if (!(await end(pid, 'SIGINT', fastWaitMs))) await killServer(pid, dataDir)
    return pid
  }
  // A backend may outlive its postmaster by minutes, and no new server can start until it is gone.
  await killServer(null, dataDir)
  // PostgreSQL believes the file when any process has that id by now, be it ours or a dead one.
  await rm(pidFile, { force: true })
  return null
}

/** SIGKILL to the postmaster, then to what is left of its backends; returns when all are gone. */
export async function killServer(pid: number | null, dataDir: string): Promise<void> {
  const backends = await backendsOf(pid, dataDir)
  if (pid !== null) await end(pid, 'SIGKILL', killWaitMs)
  // Asked for again: the postmaster may have started one more before it died.
  for (const backend of new Set([...backends, ...(await backendsOf(null, dataDir))])) {
    await end(backend, 'SIGKILL', killWaitMs)
  }
}

/** The processes of the server on this folder; without a postmaster only Linux can tell. */
async function backendsOf(postmaster: number | null, dataDir: string): Promise<number[]> {
  if (process.platform !== 'linux') return postmaster === null ? [] : await childrenOf(postmaster)
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
  const found: number[] = []
  for (const pid of pids) {
    // A server works in its data folder, but so may a shell that a user left there.
    if ((await readlink(`/proc/${pid}/cwd`).catch(() => null)) !== dataDir) continue
    const command = (await inspect(pid))?.command ?? ''
    if (command.startsWith('postgres: ') || isServerOf(dataDir, command)) found.push(pid)
  }
  return found
}

async function childrenOf(parent: number): Promise<number[]> {
  const { output } = await run('ps', ['-axo', 'pid=,ppid='])
  const pairs = output.split('\n').map((line) => line.trim().split(/\s+/).map(Number))
  return pairs.flatMap(([pid, ppid]) => (ppid === parent && pid ? [pid] : []))
}

const isServerOf = (dataDir: string, command: string | undefined): boolean =>
  command?.includes(`/bin/postgres -D ${dataDir} `) === true
