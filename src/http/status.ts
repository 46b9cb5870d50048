/** What the status of an answer means for whoever asked for a file. */
import { STATUS_CODES } from 'node:http'
import { type SluiceError, sluiceError } from '../errors.ts'
import { Unavailable } from './fault.ts'
import { retryAfterMs } from './patience.ts'
import type { Answer } from './transport.ts'

/** Too early, too many, and what a server or one before it says of a bad moment. */
const passing = [408, 425, 429, 500, 502, 503, 504]

/** Whether asking again may help. */
export const isPassing = (status: number): boolean => passing.includes(status)

/** The error of an answer that is no success; statuses that mean more to the caller come first. */
export function statusError(answer: Answer, name: string): SluiceError {
  const { status } = answer
  const problem = `it answers ${status}${STATUS_CODES[status] ? ` ${STATUS_CODES[status]}` : ''}`
  if (isPassing(status)) return new Unavailable(name, problem, retryAfterMs(answer))
  return sluiceError('source_refused', { file: name, problem })
}
