/**
 * A server of ours must not outlive us, however we end: also not a SIGKILL, or a test run that is
 * interrupted. A shell waits for the end of a pipe from us, which comes with our own, and stops it.
 */
import { spawn } from 'node:child_process'

const script = 'cat > /dev/null; kill -INT "$0" 2> /dev/null'

/**
 * @param pid the server; SIGINT must make it stop
 * @returns lets go of it: to be called when the server has ended, for its pid may be used again
 */
export function guardAgainstLoss(pid: number): () => void {
  if (process.platform === 'win32') return () => {}
  const guard = spawn('/bin/sh', ['-c', script, String(pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    // A Ctrl-C in the terminal is for us, and must not take the guard away.
    detached: true,
  })
  guard.on('error', () => {})
  guard.stdin?.on('error', () => {})
  guard.unref()
  ;(guard.stdin as { unref?: () => void } | null)?.unref?.()
  return () => void guard.kill('SIGKILL')
}
