/** A worker as a process of its own, to be killed, frozen, or asked to leave. */
import { join } from 'node:path'
import { type Exit, startChild } from '../src/dev/process.ts'
import { until } from './until.ts'

const root = join(import.meta.dirname, '..')
const sluice = join(root, 'bin/sluice.js')
const readyWaitMs = 120_000
const stopWaitMs = 60_000

export interface ChaosWorker {
  pid: number
  isRunning(): boolean
  printed(): Promise<string>
  signal(signal: NodeJS.Signals): void
  exited: Promise<Exit>
  /** Asks it to leave, and gives it the time to. */
  stop(): Promise<Exit>
  kill(): Promise<void>
}

export interface WorkerOrder {
  queue: string
  concurrency: number
  /** With the step of chaos/app.ts. */
  hasSteps: boolean
  log: string
  /** The command that it is started through, if any. */
  through?: string[]
  env: Record<string, string>
}

/** Returns at once; `untilReady` waits until it takes tasks. */
export async function startWorker(order: WorkerOrder): Promise<ChaosWorker> {
  const { queue, concurrency, hasSteps, log, through = [], env } = order
  // As `npm run worker` starts it.
  const node = [process.execPath, '--max-semi-space-size=4', sluice]
  const args = ['worker', '--queue', queue, '--concurrency', String(concurrency)]
  if (hasSteps) args.push('--app', join(root, 'chaos/app.ts'))
  const [command, ...rest] = [...through, ...node, ...args] as [string, ...string[]]
  const child = await startChild(command, rest, { log, cwd: root, env: { ...process.env, ...env } })
  const { pid, exited, isRunning, printed } = child
  const signal = (name: NodeJS.Signals) => {
    if (isRunning()) process.kill(pid, name)
  }
  return {
    pid,
    exited,
    isRunning,
    printed,
    signal,
    stop: () => child.stop('SIGTERM', stopWaitMs),
    async kill() {
      signal('SIGKILL')
      await exited
    },
  }
}

export async function untilReady(worker: ChaosWorker): Promise<void> {
  const isReady = async () => {
    if ((await worker.printed()).includes('worker ready')) return true
    return !worker.isRunning()
  }
  const told = worker.printed
  await until(isReady, { what: 'a worker to be ready', timeoutMs: readyWaitMs, told })
  if (!worker.isRunning()) throw new Error(`A worker ended at once:\n${await told()}`)
}
