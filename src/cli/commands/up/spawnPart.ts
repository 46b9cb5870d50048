/** One process of `up`, the worker or the API: its pipe, its log, and when it is ready. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { openLog, readFrom } from '../../../dev/logFile.ts'
import { sluiceError } from '../../../errors.ts'

const readyTimeoutMs = 120_000

export interface PartOptions {
  /** As messages name it. */
  part: 'The worker' | 'The API'
  /** The file that takes what it prints. */
  log: string
  /** Its command, and what Node takes. */
  args: string[]
  node?: string[]
  /** What it prints when it is ready. */
  ready: RegExp
}

export interface Spawned {
  pid: number
  child: ChildProcess
  /** How it ended. */
  exited: Promise<string>
  feed(feed: unknown): void
  /** @returns what it printed when it was ready. @throws part_ended */
  untilReady(signal: AbortSignal): Promise<RegExpExecArray>
}

/**
 * It has a process group of its own: a Ctrl-C reaches `up` only, which stops its parts in their
 * order. A kill of `up` reaches it through its stdin, see settingsPipe.ts.
 */
export async function spawnPart(options: PartOptions): Promise<Spawned> {
  const { log, args, node = [] } = options
  const { handle, sizeBytes } = await openLog(log)
  const child = spawn(process.execPath, [...node, process.argv[1] as string, ...args], {
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
    untilReady: (signal) => untilReady(options, { exited, printed, signal }),
  }
}

async function untilReady(
  { part, log, ready }: PartOptions,
  {
    exited,
    printed,
    signal,
  }: { exited: Promise<string>; printed(): Promise<string>; signal: AbortSignal },
): Promise<RegExpExecArray> {
  const startMs = performance.now()
  let ended: string | null = null
  void exited.then((how) => {
    ended = how
  })
  for (;;) {
    const found = ready.exec(await printed())
    if (found) return found
    if (ended !== null || performance.now() - startMs > readyTimeoutMs) {
      const last = (await printed()).trim().split('\n').slice(-3).join('\n  ')
      const how = `${ended ?? 'it was not ready in time'}; it said:\n  ${last}\n`
      throw sluiceError('part_ended', { part, how, log })
    }
    await sleep(30, null, { signal })
  }
}
