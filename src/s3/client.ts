/** Asks a store: signed, in the region of the bucket, and with an error for what it refuses. */
import { SluiceError, sluiceError } from '../errors.ts'
import type { Answer, Headers, Transport } from '../http/transport.ts'
import type { S3Address } from './address.ts'
import type { Login } from './credentials.ts'
import { type Fault, faultOf, isExpired, storeError } from './fault.ts'
import { encodedPart, placeOf, type S3Server } from './place.ts'

/** A store, and who we are there. */
export interface Store extends S3Server {
  /** Absent where it is to be found out. */
  region?: string
  login: Login
  /** We pay for what we read from the buckets of others. */
  requesterPays: boolean
  /** The operator has named the bucket, so that it may be on a private address also without an endpoint. */
  isTrusted?: boolean
}

export interface S3Request extends S3Address {
  /** What is asked for, as people may see it. */
  name: string
  /** GET if absent. */
  method?: 'GET' | 'PUT' | 'DELETE'
  query?: Record<string, string>
  headers?: Headers
  /** Sent as a whole, so that the request can be sent again. */
  body?: Buffer
  signal: AbortSignal
}

/** Makes an error of what a store refuses. */
export type ErrorOf = typeof storeError

export interface S3Client {
  /**
   * The answer, where it is a success or says that an object is another one: 404, 412, 416.
   * @throws store_refused, source_unavailable, address_not_allowed
   */
  ask(request: S3Request): Promise<Answer>
}

/** Where a bucket is looked for first. */
const firstRegion = 'us-east-1'

/** @param errorOf what a refusal means to the caller: see storeError, which is for readers */
export function createClient(
  store: Store,
  transport: Transport,
  errorOf: ErrorOf = storeError,
): S3Client {
  /** The regions of buckets that are elsewhere than was said. */
  const regions = new Map<string, string>()
  /** @returns whether the request may be sent again: to another region, or as somebody again */
  const correct = async (bucket: string, region: string, fault: Fault): Promise<boolean> => {
    if (isExpired(fault)) return store.login.renew()
    if (!isMisplaced(fault) || fault.region === null || fault.region === region) return false
    regions.set(bucket, fault.region)
    return true
  }
  return {
    async ask(request) {
      const { bucket, name, signal } = request
      for (let corrections = 0; ; corrections++) {
        const region = regions.get(bucket) ?? store.region ?? firstRegion
        const { answer, isAnonymous } = await send(request, region, { store, transport })
        if (answer.status < 300) return plain(answer)
        const fault = await faultOf(answer)
        signal.throwIfAborted()
        if (isOfObject(fault)) return { ...plain(answer), body: nothing() }
        const isCorrected = corrections < 2 && (await correct(bucket, region, fault))
        if (!isCorrected) throw errorOf(fault, name, isAnonymous)
      }
    },
  }
}

interface Sending {
  store: Store
  transport: Transport
}

async function send(
  { bucket, key, name, method = 'GET', query = {}, headers = {}, body, signal }: S3Request,
  region: string,
  { store, transport }: Sending,
): Promise<{ answer: Answer; isAnonymous: boolean }> {
  const { url, path } = placeOf(store, region, { bucket, key })
  const credentials = await store.login.credentials()
  // The signer is loaded by those who sign something.
  const { signedHeaders } = await import('./sign.ts')
  const paid = { ...headers, ...(store.requesterPays && { 'x-amz-request-payer': 'requester' }) }
  const sent = credentials
    ? await signedHeaders({ method, url, path, query, headers: paid, body, credentials, region })
    : paid
  const asked = Object.entries(query).map((pair) => pair.map(encodedPart).join('='))
  try {
    const answer = await transport.send({
      method,
      url,
      path: asked.length > 0 ? `${path}?${asked.join('&')}` : path,
      secrets: sent,
      ...(body && { body }),
      name,
      redirectsMax: 0,
      // The operator of the worker has set it; a client can only name a bucket there.
      isTrusted: store.isTrusted ?? store.endpoint !== undefined,
      signal,
    })
    return { answer, isAnonymous: credentials === null }
  } catch (error) {
    throw isUnknownHost(error) ? noServer(url, name) : error
  }
}

/** It says that an object is another one, or is not there: the caller knows what that means. */
const isOfObject = ({ status, code }: Fault): boolean =>
  status === 412 ||
  status === 416 ||
  (status === 404 && ['', 'NoSuchKey', 'NoSuchVersion'].includes(code))

const isMisplaced = ({ status, code }: Fault): boolean =>
  status === 301 ||
  status === 307 ||
  ['AuthorizationHeaderMalformed', 'IllegalLocationConstraintException'].includes(code)

/**
 * A store writes an ETag with quotes or without, tells how an object was sent to it, and may say 200
 * for a range.
 */
function plain(answer: Answer): Answer {
  const isRange = answer.status === 200 && answer.header('content-range') !== null
  return {
    ...answer,
    status: isRange ? 206 : answer.status,
    header(name) {
      const text = answer.header(name)
      if (text === null) return null
      if (name === 'etag') return quoted(text)
      if (name === 'content-encoding') return text.replace(/^\s*aws-chunked\s*(,|$)/i, '')
      return text
    },
  }
}

export const quoted = (etag: string): string =>
  /^(W\/)?"/.test(etag) ? etag : `"${etag.replaceAll('"', '')}"`

async function* nothing(): AsyncGenerator<Buffer> {}

const isUnknownHost = (error: unknown): boolean =>
  error instanceof SluiceError && /no host of that name/.test(error.message)

const noServer = ({ host }: URL, file: string): Error =>
  sluiceError('store_refused', {
    file,
    problem: `there is no server ${host}`,
    next: 'correct the region or the endpoint of the connection; a server that has buckets in its path only needs "pathStyle": true',
  })
