/** The worker process of `up`: started, started again when it dies, stopped. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { type FileHandle, open, rename, stat } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { cliError } from '../errors.ts'
import type { Feed } from './feed.ts'

const readyTimeoutMs = 120_000
const stopTimeoutMs = 40_000
const logBytesMax = 16 * 1024 * 1024
const againFromMs = 500
const againMaxMs = 30_000

export interface WorkerProcess {
  /** Hands over the settings; resolves with the process id when it takes tasks. */
  feed(feed: Feed, signal: AbortSignal): Promise<number>
  stop(): Promise<void>
  kill(): void
}

/**
 * Starts it at once, for it takes a moment to load; it waits for its feed. It has a process group
 * of its own: a Ctrl-C reaches `up` only, which stops its parts in their order.
 */
export async function startWorkerProcess(options: {
  log: string
  concurrency: number
  say: (line: string) => void
}): Promise<WorkerProcess> {
  let current = await spawnWorker(options)
  let stopping = false
  let fed: Feed | null = null
  let againMs = againFromMs

  const watch = (worker: Spawned) => {
    const startMs = Date.now()
    void worker.exited.then(async (how) => {
      if (stopping || fed === null) return
      if (Date.now() - startMs > 2 * againMaxMs) againMs = againFromMs
      options.say(`worker ${worker.child.pid} ended (${how}); its log: ${options.log}`)
      await sleep(againMs)
      againMs = Math.min(againMaxMs, againMs * 2)
      if (stopping) return
      current = await spawnWorker(options)
      watch(current)
      feedTo(current, fed)
      options.say(`worker ${current.child.pid} takes its place`)
    })
  }

  return {
    async feed(feed, signal) {
      feedTo(current, feed)
      await untilReady(current, options.log, signal)
      fed = feed
      watch(current)
      return current.child.pid as number
    },
    async stop() {
      stopping = true
      current.child.kill('SIGTERM')
      const overdue = setTimeout(() => current.child.kill('SIGKILL'), stopTimeoutMs)
      await current.exited.finally(() => clearTimeout(overdue))
    },
    kill() {
      stopping = true
      current.child.kill('SIGKILL')
    },
  }
}

interface Spawned {
  child: ChildProcess
  exited: Promise<string>
  /** What it wrote to its log so far. */
  printed(): Promise<string>
}

async function spawnWorker(options: { log: string; concurrency: number }): Promise<Spawned> {
  const { handle, sizeBytes } = await openLog(options.log)
  const program = process.argv[1] as string
  const args = ['worker', '--fed', '--concurrency', String(options.concurrency)]
  const child = spawn(process.execPath, [program, ...args, '--log-format', 'pretty'], {
    stdio: ['pipe', handle.fd, handle.fd],
    detached: true,
  })
  await once(child, 'spawn').finally(() => handle.close())
  // It may be gone when its feed comes; then its exit says so.
  child.stdin?.on('error', () => {})
  const exited = once(child, 'exit').then(([code, signal]) => signal ?? `exit code ${code}`)
  return { child, exited, printed: () => readFrom(options.log, sizeBytes) }
}

const feedTo = ({ child }: Spawned, feed: Feed): void => {
  child.stdin?.write(`${JSON.stringify(feed)}\n`)
}

async function untilReady(worker: Spawned, log: string, signal: AbortSignal): Promise<void> {
  const startMs = Date.now()
  let ended: string | null = null
  void worker.exited.then((how) => {
    ended = how
  })
  while (!(await worker.printed()).includes('worker ready')) {
    if (ended !== null || Date.now() - startMs > readyTimeoutMs) {
      const last = (await worker.printed()).trim().split('\n').slice(-3).join('\n  ')
      const how = `${ended ?? 'it was not ready in time'}\n  ${last}\n  `
      throw cliError('part_ended', { part: 'The worker', how, log })
    }
    await sleep(30, null, { signal })
  }
}

async function openLog(file: string): Promise<{ handle: FileHandle; sizeBytes: number }> {
  const before = await stat(file).catch(() => null)
  if (before && before.size > logBytesMax) await rename(file, `${file}.1`)
  const handle = await open(file, 'a', 0o600)
  return { handle, sizeBytes: (await handle.stat()).size }
}

async function readFrom(file: string, from: number): Promise<string> {
  const handle = await open(file, 'r')
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(65_536), 0, 65_536, from)
    return buffer.toString('utf8', 0, bytesRead)
  } finally {
    await handle.close()
  }
}
