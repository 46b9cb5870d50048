/** What goes wrong between us and a server, told without a secret. */
import { messageOf, SluiceError, sluiceError } from '../errors.ts'

/** It may be over in a moment: the request is sent again. */
export class Unavailable extends SluiceError {
  readonly problem: string
  /** How long the server asks us to wait; null when it says nothing. */
  readonly afterMs: number | null

  constructor(name: string, problem: string, afterMs: number | null = null) {
    super(sluiceError('source_unavailable', { file: name, problem }))
    this.problem = problem
    this.afterMs = afterMs
  }
}

/** Errors of the system and of OpenSSL that a second request does not cure. */
const lasting: [code: RegExp, problem: string][] = [
  [/^ENOTFOUND$/, 'there is no host of that name'],
  [
    /^(CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|ERR_TLS_CERT|HOSTNAME_MISMATCH)/,
    'its certificate is not accepted',
  ],
  [/^(ERR_SSL_|EPROTO$)/, 'it does not speak TLS as we do'],
]

/** Timeouts of undici, by their codes. */
const silences: Record<string, string> = {
  UND_ERR_CONNECT_TIMEOUT: 'it takes no connection',
  UND_ERR_HEADERS_TIMEOUT: 'it does not answer',
  UND_ERR_BODY_TIMEOUT: 'it stopped sending',
}

/**
 * @param name what is asked for, as people may see it
 * @param signal whose abort is told as what it is
 */
export function toFault(error: unknown, name: string, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason
  if (error instanceof SluiceError) return error
  const found = inside(error)
  if (found instanceof SluiceError) return found
  const { code = '' } = found as { code?: string }
  const known = lasting.find(([pattern]) => pattern.test(code))
  if (known) {
    const problem = `${known[1]}: ${messageOf(found)}`
    return sluiceError('source_refused', { file: name, problem })
  }
  return new Unavailable(name, silences[code] ?? messageOf(found))
}

/** Several addresses of one host were tried: the first that failed tells it. */
function inside(error: unknown): unknown {
  const { errors, cause } = error as { errors?: unknown[]; cause?: unknown }
  if (Array.isArray(errors) && errors[0]) return inside(errors[0])
  return cause instanceof SluiceError ? cause : error
}
