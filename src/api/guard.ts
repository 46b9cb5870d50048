/**
 * What keeps web pages of other origins out: a browser sends them with the user's own rights.
 *
 * There is no CORS, so they cannot read an answer. They must not be able to cause anything
 * either, nor reach a loopback API under a name of their own (DNS rebinding).
 */
import type { FastifyRequest } from 'fastify'
import { type SluiceError, sluiceError } from '../errors.ts'
import type { App } from './deps.ts'
import { sendProblem } from './problem.ts'

const headers = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}

export function guard(app: App): void {
  app.addHook('onRequest', async (request, reply) => {
    void reply.headers(headers)
    const refusal = ofOtherHost(request) ?? ofOtherOrigin(request)
    if (refusal) return sendProblem(refusal, { request, reply })
  })
}

/** What came in over loopback must have asked for a loopback name. */
function ofOtherHost({ socket, headers: { host = '' } }: FastifyRequest): SluiceError | null {
  const { localAddress } = socket
  if (!localAddress || !/^(::ffff:)?127\.|^::1$/.test(localAddress)) return null
  if (/^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i.test(host)) return null
  return sluiceError('host_refused', { host: JSON.stringify(host.slice(0, 100)) })
}

/** A form or a `no-cors` fetch of another page is sent without asking; its origin tells. */
function ofOtherOrigin({ method, headers }: FastifyRequest): SluiceError | null {
  if (method === 'GET' || method === 'HEAD') return null
  const { origin, host, 'sec-fetch-site': site } = headers
  const isSame = site ? site === 'same-origin' || site === 'none' : !origin || isAt(origin, host)
  return isSame ? null : sluiceError('origin_refused', {})
}

const isAt = (origin: string, host: string | undefined): boolean =>
  URL.canParse(origin) && new URL(origin).host === host
