/** Sluice's worker as a process of its own, and the most memory that it ever held. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { run, startChild } from '../src/dev/process.ts'
import type { Stack } from './stack.ts'

const root = join(import.meta.dirname, '..')
const sluice = join(root, 'bin/sluice.js')
const readyWaitMs = 60_000
const stopWaitMs = 40_000
const lookEveryMs = 100

export interface BenchWorker {
  pid: number
  /** Resident memory at its highest, so far. */
  peakRssBytes(): Promise<number>
  stop(): Promise<void>
  /** SIGKILL: it has no time to hand anything back. */
  kill(): Promise<void>
  /** Resolves when the process is gone. */
  exited: Promise<unknown>
  isRunning(): boolean
}

export interface BenchWorkerOptions {
  queue: string
  concurrency: number
  /** Folder that its directory sources may read. */
  sources: string
  /** Takes a CPU profile into this folder. */
  profiles: string | null
  /** One of several replicas; without it the queue tells workers apart. */
  name?: string
  /** The file with its steps. */
  app?: string
  /** What its environment has besides. */
  env?: NodeJS.ProcessEnv
  /** Its end is a result, and not the end of the bench. */
  mayEnd?: boolean
}

/** Returns when the worker waits for tasks. */
export async function startWorker(
  stack: Stack,
  { queue, concurrency, sources, profiles, name, app, env, mayEnd = false }: BenchWorkerOptions,
): Promise<BenchWorker> {
  // As `npm run worker` starts it.
  const node = ['--max-semi-space-size=4']
  if (profiles) node.push('--cpu-prof', `--cpu-prof-dir=${profiles}`)
  const args = ['worker', '--queue', queue, '--concurrency', String(concurrency)]
  if (name) args.push('--name', name)
  if (app) args.push('--app', app)
  const starting = startChild(process.execPath, [...node, sluice, ...args], {
    log: join(stack.folder, `worker-${name ?? queue}.log`),
    cwd: root,
    env: {
      ...process.env,
      DATABASE_URL: stack.databaseUrl,
      TEMPORAL_ADDRESS: stack.temporalAddress,
      TEMPORAL_NAMESPACE: 'default',
      SLUICE_HOME: stack.folder,
      SLUICE_STAGE: stack.stageDir,
      SLUICE_SOURCE_ROOTS: sources,
      SLUICE_JANITOR: '0',
      ...env,
    },
  })
  const child = await stack.closing.addStarting(starting, (it) => it.stop('SIGTERM', stopWaitMs))
  const deadlineMs = Date.now() + readyWaitMs
  while (!(await child.printed()).includes('worker ready')) {
    if (!child.isRunning() || Date.now() > deadlineMs) {
      throw new Error(`The worker is not ready:\n${await child.printed()}`)
    }
    await sleep(25)
  }
  let stopping = mayEnd
  stack.closing.watch('The worker', child.exited, () => stopping)
  const stop = async (signal: NodeJS.Signals) => {
    stopping = true
    await child.stop(signal, stopWaitMs)
  }
  return {
    pid: child.pid,
    peakRssBytes: watchRss(child.pid),
    stop: () => stop('SIGTERM'),
    kill: () => stop('SIGKILL'),
    exited: child.exited,
    isRunning: child.isRunning,
  }
}

/** Linux keeps the peak; elsewhere it is looked for ten times a second. */
function watchRss(pid: number): () => Promise<number> {
  if (process.platform === 'linux') {
    return async () => {
      const status = await readFile(`/proc/${pid}/status`, 'utf8')
      return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1]) * 1024
    }
  }
  let peak = 0
  const look = async () => {
    const { output } = await run('ps', ['-o', 'rss=', '-p', String(pid)])
    peak = Math.max(peak, Number(output.trim()) * 1024)
  }
  const timer = setInterval(() => void look(), lookEveryMs).unref()
  return async () => {
    clearInterval(timer)
    await look()
    return peak
  }
}
