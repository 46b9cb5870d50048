/** The worker of `up`: started, started again when it dies, stopped. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Feed } from './feed.ts'
import { spawnWorker, type WorkerOptions } from './spawnWorker.ts'

/** Longer than its own grace, in which it ends its units or hands them back. */
const stopTimeoutMs = 40_000
const againFromMs = 500
const againMaxMs = 30_000

export interface WorkerProcess {
  /** Hands over the settings; resolves with the process id when it takes tasks. */
  feed(feed: Feed, signal: AbortSignal): Promise<number>
  stop(): Promise<void>
  kill(): void
}

/** It starts at once, for it takes a moment to load, and waits for its feed. */
export async function startWorkerProcess(
  options: WorkerOptions & { say: (line: string) => void },
): Promise<WorkerProcess> {
  let current = await spawnWorker(options)
  let isStopping = false
  let againMs = againFromMs

  /** Resolves once it has stopped; until then each one that dies gets a successor. */
  const keepOneRunning = async (feed: Feed): Promise<void> => {
    while (!isStopping) {
      const startMs = Date.now()
      const how = await current.exited
      if (isStopping) return
      options.say(`worker ${current.pid} ended (${how}); its log: ${options.log}`)
      if (Date.now() - startMs > 2 * againMaxMs) againMs = againFromMs
      await sleep(againMs, null, { ref: false })
      againMs = Math.min(againMaxMs, againMs * 2)
      if (isStopping) return
      current = await spawnWorker(options)
      current.feed(feed)
      options.say(`worker ${current.pid} takes its place`)
    }
    // The stop came while it was spawned.
    current.child.kill('SIGKILL')
  }

  return {
    async feed(feed, signal) {
      current.feed(feed)
      await current.untilReady(signal)
      keepOneRunning(feed).catch((error) => options.say(`there is no worker: ${error.message}`))
      return current.pid
    },
    async stop() {
      isStopping = true
      const { child, exited } = current
      child.kill('SIGTERM')
      const overdue = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs)
      await exited.finally(() => clearTimeout(overdue))
    },
    kill() {
      isStopping = true
      current.child.kill('SIGKILL')
    },
  }
}
