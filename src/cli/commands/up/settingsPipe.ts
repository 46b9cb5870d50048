/**
 * How `up` and its worker and API hold together: the stdin of each is a pipe from `up`.
 *
 * Its first line brings the settings, which therefore show in no list of processes; until they
 * come the process prepares itself. Its end means that `up` is gone, however it went.
 */
import { createInterface } from 'node:readline'
import type { ApiOptions } from '../../../api/server.ts'
import type { WorkerOptions } from '../../../worker/run.ts'

export type WorkerSettings = Pick<
  WorkerOptions,
  'temporal' | 'databaseUrl' | 'stage' | 'sourceRoots'
>

/** What `up` starts its API with. */
export type ApiSettings = Omit<ApiOptions, 'log' | 'findsDead' | 'connections'>

/**
 * Prepares itself meanwhile.
 * @returns null when stdin ended before the settings
 */
export async function readSettingsPipe<F>(prepare: Promise<unknown>): Promise<F | null> {
  const lines = createInterface({ input: process.stdin })
  let isWorking = false
  let isGone = false
  lines.once('close', () => {
    isGone = true
    // It is taken for a stop: a worker ends or hands back what it has in hand.
    if (isWorking) process.kill(process.pid, 'SIGTERM')
  })
  const first = new Promise<F | null>((resolve) => {
    lines.once('line', (line) => resolve(JSON.parse(line)))
    lines.once('close', () => resolve(null))
  })
  const [feed] = await Promise.all([first, prepare])
  if (isGone) return null
  isWorking = true
  return feed
}
