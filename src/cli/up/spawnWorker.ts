/** One worker process of `up`: its pipe, its log, and when it is ready. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { openLog, readFrom } from '../../dev/logFile.ts'
import { sluiceError } from '../../errors.ts'
import type { Feed } from './feed.ts'

const readyTimeoutMs = 120_000

export interface WorkerOptions {
  /** The file that takes what it prints. */
  log: string
  concurrency: number
  /** A module that exports steps. */
  app?: string
}

export interface Spawned {
  pid: number
  child: ChildProcess
  /** How it ended. */
  exited: Promise<string>
  feed(feed: Feed): void
  /** @throws part_ended */
  untilReady(signal: AbortSignal): Promise<void>
}

/**
 * It has a process group of its own: a Ctrl-C reaches `up` only, which stops its parts in their
 * order. A kill of `up` reaches it through its stdin, see feed.ts.
 */
export async function spawnWorker({ log, concurrency, app }: WorkerOptions): Promise<Spawned> {
  const { handle, sizeBytes } = await openLog(log)
  const args = ['worker', '--fed', '--concurrency', String(concurrency), '--log-format', 'pretty']
  if (app) args.push('--app', app)
  const node = ['--max-semi-space-size=4', process.argv[1] as string]
  const child = spawn(process.execPath, [...node, ...args], {
    stdio: ['pipe', handle.fd, handle.fd],
    detached: true,
  })
  await once(child, 'spawn').finally(() => handle.close())
  // It may be gone when its feed comes; then its exit says so.
  child.stdin?.on('error', () => {})
  const exited = once(child, 'exit').then(([code, signal]) => signal ?? `exit code ${code}`)
  const printed = () => readFrom(log, sizeBytes)
  return {
    pid: child.pid as number,
    child,
    exited,
    feed: (feed) => void child.stdin?.write(`${JSON.stringify(feed)}\n`),
    untilReady: (signal) => untilReady({ exited, printed, log }, signal),
  }
}

async function untilReady(
  { exited, printed, log }: { exited: Promise<string>; printed(): Promise<string>; log: string },
  signal: AbortSignal,
): Promise<void> {
  const startMs = Date.now()
  let ended: string | null = null
  void exited.then((how) => {
    ended = how
  })
  while (!(await printed()).includes('worker ready')) {
    if (ended !== null || Date.now() - startMs > readyTimeoutMs) {
      const last = (await printed()).trim().split('\n').slice(-3).join('\n  ')
      const how = `${ended ?? 'it was not ready in time'}; it said:\n  ${last}\n`
      throw sluiceError('part_ended', { part: 'The worker', how, log })
    }
    await sleep(30, null, { signal })
  }
}
