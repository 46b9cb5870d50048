/** A process of `up`, the worker or the API: started, started again when it dies, stopped. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type PartOptions, spawnPart } from './spawnPart.ts'

/** Longer than the grace of a worker, in which it ends its units or hands them back. */
const stopTimeoutMs = 40_000
const againFromMs = 500
const againMaxMs = 30_000

export interface KeptPart {
  /** Hands over the settings; resolves with the process id and what it printed when ready. */
  feed(feed: object, signal: AbortSignal): Promise<{ pid: number; found: RegExpExecArray }>
  stop(): Promise<void>
  kill(): void
}

export interface KeptOptions extends PartOptions {
  say: (line: string) => void
  /** What its successors are fed, when that is not the same. */
  feedAgain?: (feed: object, found: RegExpExecArray) => object
}

/** It starts at once, for it takes a moment to load, and waits for its feed. */
export async function startKept(options: KeptOptions): Promise<KeptPart> {
  const { say, log, feedAgain = (feed: object) => feed } = options
  const name = options.part.replace('The ', '')
  let current = await spawnPart(options)
  let isStopping = false
  let againMs = againFromMs

  /** Resolves once it has stopped; until then each one that dies gets a successor. */
  const keepOneRunning = async (feed: object): Promise<void> => {
    while (!isStopping) {
      const startMs = performance.now()
      const how = await current.exited
      if (isStopping) return
      say(`${name} ${current.pid} ended (${how}); its log: ${log}`)
      if (performance.now() - startMs > 2 * againMaxMs) againMs = againFromMs
      await sleep(againMs, null, { ref: false })
      againMs = Math.min(againMaxMs, againMs * 2)
      if (isStopping) return
      current = await spawnPart(options)
      current.feed(feed)
      say(`${name} ${current.pid} takes its place`)
    }
    // The stop came while it was spawned.
    current.child.kill('SIGKILL')
  }

  return {
    async feed(feed, signal) {
      current.feed(feed)
      const found = await current.untilReady(signal)
      const again = feedAgain(feed, found)
      keepOneRunning(again).catch((error) => say(`there is no ${name}: ${error.message}`))
      return { pid: current.pid, found }
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
