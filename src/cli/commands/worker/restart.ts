/**
 * `--max-memory`: a worker that has grown too large drains and ends, and another one takes its
 * place. Memory that a process once had it seldom gives back, so it is a process of its own.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { stops } from '../../../signals.ts'

/** How a worker says that it wants a successor. */
export const successorCode = 75

const childFlag = '--restarted'

/** Runs workers one after the other. @returns the exit code of the last one */
export async function runSuccessors(): Promise<number> {
  for (;;) {
    const args = [...process.execArgv, ...process.argv.slice(1), childFlag]
    // Its end of the channel closes when we are gone, however we went.
    const child = spawn(process.execPath, args, { stdio: ['inherit', 'inherit', 'inherit', 'ipc'] })
    const pass = (signal: NodeJS.Signals) => void child.kill(signal)
    // The worker ends in its own time.
    for (const signal of stops) process.on(signal, pass)
    const [code] = await once(child, 'exit')
    for (const signal of stops) process.off(signal, pass)
    if (code !== successorCode) return code ?? 1
  }
}

/** In the worker: its parent is gone, so it leaves as if it was told to. */
export function followParent(): void {
  process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'))
  process.channel?.unref()
}
