/**
 * Child processes with a lifetime: start one and stop it, or run one to its end.
 *
 * A child that is started gets a process group of its own: a Ctrl-C in the terminal reaches only
 * us, so that the parts can be stopped in their order. It ends with us all the same, see leash.ts.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { openLog, readFrom } from './logFile.ts'
import { guardAgainstLoss } from './parentGuard.ts'

export interface Exit {
  code: number | null
  signal: NodeJS.Signals | null
}

/** Whom a child runs as; only root may ask for another user. */
export interface User {
  uid: number
  gid: number
}

export interface ProcessOptions {
  /** The whole environment of the child; without it, ours. */
  env?: NodeJS.ProcessEnv | undefined
  cwd?: string | undefined
  user?: User | undefined
}

export interface Child {
  readonly pid: number
  /** Resolves when the process is gone; never rejects. */
  readonly exited: Promise<Exit>
  isRunning(): boolean
  /** What it wrote to its log since its start, up to 64 KB. */
  printed(): Promise<string>
  /** Sends the signal, and SIGKILL when the process still runs after `waitMs`. */
  stop(signal: NodeJS.Signals, waitMs: number): Promise<Exit>
}

/**
 * Starts a child that writes to a log file, or to our own output without one.
 * @param options.umask of the files that it makes; without it, ours
 */
export async function startChild(
  command: string,
  args: readonly string[],
  options: ProcessOptions & { log?: string | undefined; umask?: number } = {},
): Promise<Child> {
  const log = options.log === undefined ? null : await openLog(options.log)
  try {
    const output = log === null ? 'inherit' : log.handle.fd
    const child = underUmask(options.umask, () =>
      spawn(command, args, {
        ...placement(options),
        stdio: ['ignore', output, output],
        detached: true,
      }),
    )
    await once(child, 'spawn')
    child.once('exit', guardAgainstLoss(child.pid as number))
    return asChild(child, log && options.log ? { file: options.log, from: log.sizeBytes } : null)
  } finally {
    await log?.handle.close()
  }
}

/** A child inherits the umask of the moment it is made in, and `spawn` makes it at once. */
function underUmask<T>(umask: number | undefined, work: () => T): T {
  if (umask === undefined) return work()
  const before = process.umask(umask)
  try {
    return work()
  } finally {
    process.umask(before)
  }
}

function asChild(child: ChildProcess, log: { file: string; from: number } | null): Child {
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null
  const exited = new Promise<Exit>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }))
  })
  // A signal could not be sent. The caller that waits for the exit sees that it does not come.
  child.on('error', () => {})
  return {
    pid: child.pid as number,
    exited,
    isRunning,
    printed: async () => (log ? await readFrom(log.file, log.from) : ''),
    stop: async (signal, waitMs) => {
      child.kill(signal)
      const overdue = setTimeout(() => child.kill('SIGKILL'), waitMs)
      return await exited.finally(() => clearTimeout(overdue))
    },
  }
}

/** Runs a command to its end. One that cannot be started has the code null and says why. */
export function run(
  command: string,
  args: readonly string[],
  options: ProcessOptions = {},
): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { ...placement(options), stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    const take = (data: Buffer): void => {
      output += data.toString()
    }
    child.stdout.on('data', take)
    child.stderr.on('data', take)
    child.on('error', (error) => resolve({ code: null, output: error.message }))
    child.on('close', (code) => resolve({ code, output }))
  })
}

const placement = ({ env, cwd, user }: ProcessOptions) => ({
  ...(env && { env }),
  ...(cwd !== undefined && { cwd }),
  ...user,
})
