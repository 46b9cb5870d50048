/** What the answer of a store means that is no success, told without a secret. */
import { STATUS_CODES } from 'node:http'
import { type SluiceError, sluiceError } from '../errors.ts'
import { Unavailable } from '../http/fault.ts'
import { retryAfterMs } from '../http/patience.ts'
import { isPassing } from '../http/status.ts'
import type { Answer } from '../http/transport.ts'
import { readElements } from './xml.ts'

/** What a store says of a request that it does not carry out. */
export interface Fault {
  status: number
  /** As `NoSuchKey`; empty where the answer has none. */
  code: string
  /** The region of the bucket, where the answer tells it. */
  region: string | null
  /** Which permission is lacking, as `s3:GetObject`. */
  action: string | null
  /** By how many seconds the clock of the store is ahead of ours. */
  aheadSeconds: number | null
  retryAfterMs: number | null
}

/** Reads the answer to its end. Its text is not told: a store may repeat in it what we sent. */
export async function faultOf(answer: Answer, nowMs: number = Date.now()): Promise<Fault> {
  const found = new Map<string, string>()
  try {
    const unread = (problem: string) => new Unavailable('S3', problem)
    await readElements(answer.body, (path, text) => found.set(path, text), unread)
  } catch {
    // One before the store, or a store that says nothing: the status tells enough.
  } finally {
    await answer.drop()
  }
  const code = found.get('Code') ?? ''
  const region = answer.header('x-amz-bucket-region') ?? found.get('Region') ?? null
  const dateMs = Date.parse(answer.header('date') ?? '')
  return {
    status: answer.status,
    code: /^[A-Za-z][\w.]{1,79}$/.test(code) ? code : '',
    region: region !== null && isRegion(region) ? region : null,
    action: /perform: (s3:[A-Za-z]{1,40})\b/.exec(found.get('Message') ?? '')?.[1] ?? null,
    aheadSeconds: Number.isNaN(dateMs) ? null : Math.round((dateMs - nowMs) / 1000),
    retryAfterMs: retryAfterMs(answer),
  }
}

/** It is a part of the name of a host. */
export const isRegion = (text: string): boolean => /^[a-z0-9][a-z0-9-]{0,60}$/.test(text)

/** They are tried again: by their code, whatever the status. */
const passingCodes = [
  'SlowDown',
  'RequestTimeout',
  'InternalError',
  'ServiceUnavailable',
  'OperationAborted',
  'Busy',
  'RequestLimitExceeded',
  'ThrottlingException',
  'Throttling',
  'TooManyRequests',
]

/** The credentials of the request have expired. */
export const isExpired = ({ code }: Fault): boolean =>
  ['ExpiredToken', 'ExpiredTokenException', 'TokenRefreshRequired'].includes(code)

const keysWrong = 'correct the keys of the connection, or those that the workers have'

/** What goes wrong, and what to do next, by the code. */
const known: Record<string, [problem: string, next: string]> = {
  AccessDenied: [
    'access is denied',
    'allow s3:GetObject on the objects and s3:ListBucket on the bucket; without the latter, what is not there is denied too',
  ],
  AllAccessDisabled: ['all access to it is disabled', 'ask the owner of the bucket'],
  NoSuchBucket: ['there is no such bucket', 'correct its name; another store needs a connection'],
  InvalidBucketName: ['its bucket is not called as buckets are', 'correct the name of the bucket'],
  InvalidAccessKeyId: ['the access key is not known there', keysWrong],
  SignatureDoesNotMatch: ['the secret key is not that of the access key', keysWrong],
  InvalidToken: ['the session token is not valid', keysWrong],
  InvalidObjectState: [
    'the object is in an archive, and not restored',
    'restore it (aws s3api restore-object), and start the ingest again',
  ],
  RequestTimeTooSkewed: ['the clocks differ', 'set the clock of the worker'],
  PermanentRedirect: [
    'the bucket is to be asked for elsewhere',
    'name its region or its endpoint in the connection',
  ],
  InvalidRequest: [
    'the request is not valid for it',
    'have it stored without a key of the customer (SSE-C), which cannot be read',
  ],
  NotImplemented: ['the store cannot do what was asked of it', 'correct the endpoint'],
}

/**
 * @param file what was asked for, as people may see it
 * @param isAnonymous nobody was named
 */
export function storeError(fault: Fault, file: string, isAnonymous: boolean): SluiceError {
  const said = answerIn(fault)
  if (mayPass(fault)) return new Unavailable(file, said, fault.retryAfterMs)
  const [problem, next] = meaningOf(fault, isAnonymous)
  return sluiceError('store_refused', { file, problem: `${problem}: ${said}`, next })
}

/** Whether asking again may help. */
export const mayPass = ({ status, code }: Fault): boolean =>
  passingCodes.includes(code) || isPassing(status)

/** What the store said, as people may see it. */
export const answerIn = ({ status, code }: Fault): string =>
  `it answers ${status} ${code || (STATUS_CODES[status] ?? '')}`.trimEnd()

/** What a refusal means, and what helps. */
export function meaningOf(fault: Fault, isAnonymous: boolean): [problem: string, next: string] {
  const { status, action, aheadSeconds } = fault
  const code = fault.code === '' && status === 403 ? 'AccessDenied' : fault.code
  if (isExpired(fault)) return ['the session token has expired', 'give the workers a new one']
  if (code === 'RequestTimeTooSkewed' && aheadSeconds !== null) {
    const way = aheadSeconds > 0 ? 'behind' : 'ahead of'
    const apart = `the clock of this machine is ${Math.abs(aheadSeconds)} s ${way} that of the store`
    return [apart, 'set the clock of the worker']
  }
  if (code === 'AccessDenied' && isAnonymous) {
    return ['it is not public', 'name a connection that has keys']
  }
  if (action !== null) return [`${action} is not allowed`, `allow ${action} to the worker`]
  if (code.startsWith('KMS.')) {
    return ['its key in KMS cannot be used', 'allow kms:Decrypt on that key to the worker']
  }
  return (
    known[code] ?? ['it does not do so', 'correct the address, or the endpoint of the connection']
  )
}
