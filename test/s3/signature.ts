/** Checks a signature of version 4 by making it anew, by hand. */
import { createHash, createHmac } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

export const keys = { accessKeyId: 'AKIDHUSH', secretAccessKey: 'hush-secret/+key' }

export interface ErrorAnswer {
  status: number
  code: string
  message?: string
  headers?: Record<string, string>
}

export interface Expected {
  /** Any if absent. */
  region?: string
  sessionToken?: string
}

const form =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/

/** What a store would answer; null for a request that is signed as it should be. */
export function refusalOf(request: IncomingMessage, expected: Expected): ErrorAnswer | null {
  const { authorization } = request.headers
  if (authorization === undefined) return { status: 403, code: 'AccessDenied' }
  const [, id, date, region, signedNames, signature] = form.exec(authorization) ?? []
  if (!date || !region || !signedNames) return { status: 400, code: 'AuthorizationHeaderMalformed' }
  if (id !== keys.accessKeyId) return { status: 403, code: 'InvalidAccessKeyId' }
  if (expected.region !== undefined && region !== expected.region) {
    const headers = { 'x-amz-bucket-region': expected.region }
    return { status: 400, code: 'AuthorizationHeaderMalformed', headers }
  }
  const names = signedNames.split(';')
  const isSigned = (name: string) => !/^(x-amz-|host$)/.test(name) || names.includes(name)
  if (!Object.keys(request.headers).every(isSigned)) return { status: 403, code: 'AccessDenied' }
  if (request.headers['x-amz-security-token'] !== expected.sessionToken) {
    return { status: 400, code: 'ExpiredToken' }
  }
  const { canonical, right } = signatureOf(request, { date, region, names })
  if (right === signature) return null
  return { status: 403, code: 'SignatureDoesNotMatch', message: canonical }
}

interface Signed {
  date: string
  region: string
  names: string[]
}

function signatureOf(request: IncomingMessage, { date, region, names }: Signed) {
  const [path = '', search = ''] = (request.url as string).split(/\?(.*)/s)
  const canonical = [
    request.method,
    path,
    search.split('&').sort().join('&'),
    ...names.map((name) => `${name}:${request.headers[name]}`),
    '',
    names.join(';'),
    request.headers['x-amz-content-sha256'],
  ].join('\n')
  const scope = [date, region, 's3', 'aws4_request']
  const sha256 = createHash('sha256').update(canonical).digest('hex')
  const time = request.headers['x-amz-date']
  const text = ['AWS4-HMAC-SHA256', time, scope.join('/'), sha256].join('\n')
  const hmac = (key: Buffer | string, data: string) =>
    createHmac('sha256', key).update(data).digest()
  const key = scope.reduce<Buffer | string>(hmac, `AWS4${keys.secretAccessKey}`)
  return { canonical, right: hmac(key, text).toString('hex') }
}
