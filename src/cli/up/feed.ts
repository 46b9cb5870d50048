/**
 * How `up` and its worker hold together: the worker's stdin is a pipe from `up`.
 *
 * Its first line brings the settings, which therefore show in no list of processes; until they
 * come the worker prepares itself. Its end means that `up` is gone, however it went.
 */
import { createInterface } from 'node:readline'
import { workflowBundle } from '../../worker/bundle.ts'
import type { WorkerOptions } from '../../worker/run.ts'

export type Feed = Pick<WorkerOptions, 'temporal' | 'databaseUrl' | 'stageDir' | 'sourceRoots'>

/** Prepares the workflow bundle meanwhile. @returns null when stdin ended before the settings */
export async function readFeed(): Promise<Feed | null> {
  const bundled = workflowBundle()
  const lines = createInterface({ input: process.stdin })
  let isWorking = false
  let isGone = false
  lines.once('close', () => {
    isGone = true
    // The worker takes it for a stop, and ends or hands back what it has in hand.
    if (isWorking) process.kill(process.pid, 'SIGTERM')
  })
  const first = new Promise<Feed | null>((resolve) => {
    lines.once('line', (line) => resolve(JSON.parse(line)))
    lines.once('close', () => resolve(null))
  })
  const [feed] = await Promise.all([first, bundled])
  if (isGone) return null
  isWorking = true
  return feed
}
