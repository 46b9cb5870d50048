/** Parquet as lines: a process of its own decodes the file, and is killed when nobody reads on. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { sluiceError } from '../../errors.ts'

/** What the process is asked for. */
export interface ChildOrder {
  path: string
  /** What the file is called in notes. */
  file: string
  memoryBytes: number
}

/** The last line that the process says on its error output: that it has written all, or why not. */
export type ChildEnd = { done: true } | ChildFailure

export interface ChildFailure {
  message: string
  code?: string
  lossy?: { column: string; type: string }
}

/** What DuckDB may hold; its process takes some 80 MB more. */
const memoryBytes = 256 * 1024 * 1024
/** More than the message of an error has. */
const errorBytesMax = 64 * 1024

/**
 * @param file its path on this machine, and what it is called
 * @throws parquet_unreadable, parquet_lossy, format_not_installed
 */
export async function* unfoldParquet(
  { path, file }: { path: string; file: string },
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  signal.throwIfAborted()
  const child = startChild({ path, file, memoryBytes })
  const closed = once(child, 'close')
  const stop = () => endAll(child)
  signal.addEventListener('abort', stop)
  const said = collect(child)
  try {
    // One that could not be started is told below.
    closed.catch(() => {})
    for await (const chunk of child.stdout as AsyncIterable<Buffer>) yield chunk
    signal.throwIfAborted()
    const end = endOf(await said)
    if (!('done' in end)) throw failure(file, end)
  } finally {
    signal.removeEventListener('abort', stop)
    stop()
    await closed.catch(() => {})
  }
}

/** DuckDB opens its output by a path, which a pipe has and a socket, as Node makes one, has not. */
const throughPipe = '"$0" "$@" | cat'

/** From the source a process has to find tsx first; in dist/ it is a file of its own. */
function startChild(order: ChildOrder): ChildProcess {
  const entry = new URL('./child.ts', import.meta.url)
  const isSource = entry.pathname.endsWith('.ts')
  const args = [
    ...(isSource ? ['--import', 'tsx'] : []),
    '--max-old-space-size=64',
    fileURLToPath(entry),
    JSON.stringify(order),
  ]
  return spawn('/bin/sh', ['-c', throughPipe, process.execPath, ...args], {
    // It ends with its input, which ends with this process.
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { PATH: '/usr/bin:/bin' },
    // A group of its own, so that all of it can be ended.
    detached: true,
  })
}

function endAll({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch {
    // It has ended.
  }
}

async function collect({ stderr }: ChildProcess): Promise<string> {
  let said = ''
  for await (const chunk of stderr as AsyncIterable<Buffer>) {
    said = (said + chunk.toString()).slice(-errorBytesMax)
  }
  return said
}

function failure(file: string, { message, code, lossy }: ChildFailure): Error {
  if (lossy) return sluiceError('parquet_lossy', { file, ...lossy })
  if (code === 'ERR_MODULE_NOT_FOUND') {
    const missing = { format: 'Parquet', package: '@duckdb/node-api' }
    return sluiceError('format_not_installed', { file, ...missing })
  }
  const problem = message.trim() || 'the process that read it died'
  return sluiceError('parquet_unreadable', { file, problem })
}

function endOf(said: string): ChildEnd {
  try {
    return JSON.parse(said.trim().split('\n').at(-1) as string) as ChildEnd
  } catch {
    return { message: said }
  }
}
