/** What goes wrong between the stage and its store, as errors of the stage. */
import { messageOf, SluiceError, sluiceError } from '../../errors.ts'
import { Unavailable } from '../../http/fault.ts'
import type { ErrorOf } from '../../s3/client.ts'
import { answerIn, type Fault, mayPass, meaningOf } from '../../s3/fault.ts'

/** Stores have no code in common for a quota that is used up. */
const fullCodes = [
  'InsufficientStorage',
  'QuotaExceeded',
  'StorageFull',
  'XMinioAdminBucketQuotaExceeded',
  'XMinioStorageFull',
]

const isFull = ({ status, code }: Fault): boolean => status === 507 || fullCodes.includes(code)

/** @param stage its address */
export const refusalOf =
  (stage: string): ErrorOf =>
  (fault, file, isAnonymous) => {
    if (isFull(fault)) return sluiceError('stage_full', { file })
    const said = answerIn(fault)
    if (mayPass(fault)) return new Unavailable(file, said, fault.retryAfterMs)
    const [problem, next] = ownMeaning(fault) ?? meaningOf(fault, isAnonymous)
    return sluiceError('stage_refused', { stage, file, problem: `${problem}: ${said}`, next })
  }

/** Refusals that mean something else for a stage than for a source. */
function ownMeaning({ status, code, action }: Fault): [problem: string, next: string] | null {
  if (code === 'NoSuchBucket') {
    return ['there is no such bucket', 'make the bucket, or correct SLUICE_STAGE']
  }
  const isDenied = code === 'AccessDenied' || (code === '' && status === 403)
  if (!isDenied || action !== null) return null
  const what = 's3:ListBucket on the bucket, and s3:GetObject, s3:PutObject and s3:DeleteObject'
  return [
    'access is denied',
    `allow ${what} on what lies in the stage to the API and the workers, or set SLUICE_STAGE_CONNECTION to a connection with keys that may do so`,
  ]
}

/** The error with which an operation of the stage ends, behind all of its tries. */
export function toStageError(error: unknown, { stage, file }: { stage: string; file: string }) {
  if (error instanceof Unavailable) {
    return sluiceError('stage_unavailable', { stage, file, problem: error.problem })
  }
  if (!(error instanceof SluiceError) || !refusals.includes(error.code)) return error
  const problem = messageOf(error).replace(/\.$/, '')
  const next = error.hint.replace(/^What helps: /, '').replace(/\.( See docs\/\S+)?$/, '')
  return sluiceError('stage_refused', { stage, file, problem, next })
}

/** Errors of requests that a source would tell so. */
const refusals = ['store_refused', 'source_refused', 'address_not_allowed', 'url_invalid']
