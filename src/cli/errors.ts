/** How an error is told on the command line: what is wrong and what to do about it, on stderr. */
import { inspect } from 'node:util'
import { toJson, visibleLines } from '../domain/visible.ts'
import { messageOf, SluiceError, shellHintOf, sluiceError } from '../errors.ts'
import { errorColors } from './colors.ts'
import { Interrupted } from './signals.ts'

/** Tells of an error on stderr. @returns the exit code */
export function tell(error: unknown, { json, stack }: { json: boolean; stack: boolean }): number {
  if (error instanceof Interrupted) {
    console.error(error.words)
    return error.exitCode
  }
  const known = toSluiceError(error)
  const { code, message, exitCode } = known
  const hint = shellHintOf(known)
  if (json) console.error(toJson({ error: { code, message, hint } }))
  else {
    console.error(`${errorColors.red('sluice:')} ${visibleLines(message)}`)
    if (hint) console.error(`  ${visibleLines(hint)}`)
  }
  if (stack) console.error(visibleLines(inspect(error)))
  return exitCode
}

const toSluiceError = (error: unknown): SluiceError =>
  error instanceof SluiceError ? error : sluiceError('unexpected', { problem: messageOf(error) })
