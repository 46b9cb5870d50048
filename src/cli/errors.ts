/** How an error is told on the command line: what is wrong and what to do about it, on stderr. */
import pc from 'picocolors'
import { messageOf, SluiceError, sluiceError } from '../errors.ts'

/** Tells of an error on stderr. @returns the exit code */
export function tell(error: unknown, { json, stack }: { json: boolean; stack: boolean }): number {
  const { code, message, hint, exitCode } = toSluiceError(error)
  if (json) console.error(JSON.stringify({ error: { code, message, hint } }))
  else {
    console.error(`${pc.red('sluice:')} ${message}`)
    if (hint) console.error(`  ${hint}`)
  }
  if (stack) console.error(error)
  return exitCode
}

const toSluiceError = (error: unknown): SluiceError =>
  error instanceof SluiceError ? error : sluiceError('unexpected', { problem: messageOf(error) })
