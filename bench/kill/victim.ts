/** What is killed in the middle of a load, and what its user then does. */
import type { Child } from '../../src/dev/process.ts'
import type { Rows } from '../data.ts'
import type { Say } from '../part.ts'
import type { Skip } from '../side.ts'
import type { Stack } from '../stack.ts'

export const victimNames = ['psql', 'loop', 'celery', 'late', 'dlt', 'sluice'] as const
export type VictimName = (typeof victimNames)[number]

export interface Victim {
  name: VictimName
  label: string
  rows: Rows
  /** What is left for the user to do, who wants every row once. */
  todo(counted: Counted): string
  begin(table: string): Promise<Attempt>
}

export interface Attempt {
  /** To the last row committed. After a kill it may fail, or wait for what comes `again`. */
  load(): Promise<void>
  /** SIGKILL to all that loads. */
  kill(): Promise<void>
  /** What the user does first, until nothing more comes. */
  again(loading: Promise<void>): Promise<void>
  close(): Promise<void>
}

export interface Counted {
  found: number
  missing: number
  twice: number
}

export interface Ring {
  stack: Stack
  rows: Rows
  concurrency: number
  say: Say
}

export type Find = (ring: Ring) => Promise<Victim[] | Skip>

/** One process that loads, and that is started again as it was. */
export function oneProcess(start: () => Promise<Child>): Attempt {
  let child: Child | null = null
  let isKilled = false
  const load = async () => {
    isKilled = false
    child = await start()
    const { code } = await child.exited
    if (code !== 0 && !isKilled)
      throw new Error(`it failed: ${(await child.printed()).slice(-1000)}`)
  }
  return {
    load,
    async kill() {
      isKilled = true
      await killGroup(child)
    },
    async again(loading) {
      await loading
      await load()
    },
    close: async () => {},
  }
}

/** It is the head of a group of processes, all of which go. */
export async function killGroup(child: Child | null): Promise<void> {
  if (!child) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    // It has ended already.
  }
  await child.exited
}
