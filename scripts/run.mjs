/** Runs other programs. Nothing but Node is installed yet where it is used. */
import { spawn } from 'node:child_process'

/** Runs a command to its end; one that is missing, or ran out of time, has the code null. */
export function run(command, args, { cwd, stdio = ['ignore', 'pipe', 'pipe'], timeoutMs } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, stdio })
    // Not spawn's own `timeout`: that one goes on, and keeps us, when the command is missing.
    const overdue = timeoutMs && setTimeout(() => child.kill('SIGKILL'), timeoutMs)
    let output = ''
    const done = (result) => {
      clearTimeout(overdue)
      resolve({ code: null, output, missing: false, ...result })
    }
    const take = (data) => {
      output += data
    }
    child.stdout?.on('data', take)
    child.stderr?.on('data', take)
    child.on('error', (error) => done({ output: error.message, missing: true }))
    child.on('close', (code) => done({ code }))
  })
}
