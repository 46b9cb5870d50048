/** The command line: `sluice <command>`. */
import { messageOf, sluiceError } from '../errors.ts'
import { tell } from './errors.ts'
import { runProgram } from './program.ts'

/** Codes of a reader that has gone: the next command of a pipe has ended, or the terminal is closed. */
const gone = new Set(['EPIPE', 'EIO', 'ECONNRESET', 'EBADF', 'ERR_STREAM_DESTROYED'])
let lost: Error | null = null

// That nobody reads on is no reason to leave work half done. That a disk is full is to be known.
process.stderr.on('error', () => {})
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (!gone.has(error.code ?? '')) lost ??= error
})
process.once('exit', (code) => {
  if (!lost || code !== 0) return
  const error = sluiceError('output_failed', { problem: messageOf(lost) }, { cause: lost })
  const json = process.argv.includes('--json')
  process.exitCode = tell(error, { json, stack: false })
})

// As Node has it for a module that never ends: nothing is left to wait for, and no answer has come.
const neverEnded = 13
const giveUp = () => {
  process.exitCode = neverEnded
}
process.once('beforeExit', giveUp)
void runProgram(process.argv).then((code) => {
  process.off('beforeExit', giveUp)
  process.exitCode = code
})
