/**
 * Servers that a killed parent left running.
 *
 * A child with a process group of its own outlives a parent that dies by SIGKILL. The process that
 * starts a server therefore writes a claim next to its data, and the next start ends the server it
 * finds there, once that process is what the claim says: process ids are used again.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { sluiceError } from '../errors.ts'
import { run } from './process.ts'

interface Claim {
  pid: number
  ownerPid: number
}

/** Says that `pid` serves the data next to this file, and that we started it. */
export const writeClaim = (file: string, pid: number): Promise<void> =>
  writeFile(file, JSON.stringify({ pid, ownerPid: process.pid } satisfies Claim))

export async function readClaim(file: string): Promise<Claim | null> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Claim
  } catch {
    // There is none, or its writer was killed half-way.
    return null
  }
}

/** Throws when the process still has the parent that started it: then it is in use, not left over. */
export async function assertStale(pid: number, claim: Claim | null): Promise<void> {
  const found = await inspect(pid)
  if (!found || !claim || claim.pid !== pid || found.ppid !== claim.ownerPid) return
  throw sluiceError('folder_in_use', { owner: claim.ownerPid, server: pid })
}

/** The parent and the command line of a live process; null when it is gone, or dead and unread. */
export async function inspect(pid: number): Promise<{ ppid: number; command: string } | null> {
  if (process.platform !== 'linux') return await inspectByPs(pid)
  try {
    // `pid (name) state ppid …`, where the name may hold spaces and brackets.
    const line = await readFile(`/proc/${pid}/stat`, 'utf8')
    const [state, ppid] = line.slice(line.lastIndexOf(')') + 2).split(' ')
    if (state === 'Z' || state === 'X') return null
    const args = await readFile(`/proc/${pid}/cmdline`, 'utf8')
    return { ppid: Number(ppid), command: args.split('\0').join(' ') }
  } catch {
    return null
  }
}

async function inspectByPs(pid: number): Promise<{ ppid: number; command: string } | null> {
  const { code, output } = await run('ps', ['-o', 'stat=,ppid=,command=', '-p', String(pid)])
  const [, state, ppid, command] = /^\s*(\S+)\s+(\d+)\s+(.*)/.exec(output) ?? []
  if (code !== 0 || !state || state.startsWith('Z')) return null
  return { ppid: Number(ppid), command: command ?? '' }
}

/** Signals a process that need not be our child, and waits until it is gone; false when it stays. */
export async function end(pid: number, signal: NodeJS.Signals, waitMs: number): Promise<boolean> {
  const until = Date.now() + waitMs
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return true
    throw error
  }
  while (await inspect(pid)) {
    if (Date.now() > until) return false
    await sleep(20)
  }
  return true
}
