/** Errors as RFC 9457 `application/problem+json`, from the error table. */

import { STATUS_CODES } from 'node:http'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { messageOf, SluiceError, sluiceError } from '../errors.ts'
import { databaseError, isOfDatabase } from '../postgres/db.ts'

export interface Problem {
  /** Where the code is explained; stable. */
  type: string
  title: string
  status: number
  detail: string
  code: string
  hint: string
  instance: string
}

export const problemType = 'application/problem+json; charset=utf-8'

/**
 * @param error anything that was thrown
 * @param status what the answer says in place of the row of the table
 */
export function toProblem(error: unknown, instance: string, status?: number): Problem {
  const known = toSluiceError(error, instance)
  const { code, message: detail, hint } = known
  const exact = status ?? known.status ?? 500
  const title = STATUS_CODES[exact] ?? 'Error'
  return { type: `/docs/errors#${code}`, title, status: exact, detail, code, hint, instance }
}

function toSluiceError(error: unknown, instance: string): SluiceError {
  if (error instanceof SluiceError) return error
  const cause = { cause: error }
  if (isRefusal(error)) return refusal(error)
  if (isOfDatabase(error)) return databaseError(error)
  const problem = `the log of the API has the error of ${instance}`
  return sluiceError('unexpected', { problem }, cause)
}

/** Fastify refused the request before a handler saw it. */
const isRefusal = (error: unknown): error is FastifyError => {
  const { code, statusCode } = (error ?? {}) as Partial<FastifyError>
  return typeof statusCode === 'number' && statusCode < 500 && /^FST_/.test(code ?? '')
}

function refusal(error: FastifyError): SluiceError {
  const cause = { cause: error }
  if (error.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    return sluiceError('media_type_unknown', {}, cause)
  }
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') return sluiceError('body_too_large', {}, cause)
  return sluiceError('request_invalid', { problem: messageOf(error) }, cause)
}

/** Every error leaves the API through here. */
export function sendProblem(
  error: unknown,
  { request, reply }: { request: FastifyRequest; reply: FastifyReply },
): FastifyReply {
  const problem = toProblem(error, pathOf(request))
  if (problem.code === 'unexpected') request.log.error({ err: error }, messageOf(error))
  if (problem.status === 401) void reply.header('www-authenticate', 'Bearer')
  if (problem.status === 503) void reply.header('retry-after', '2')
  return reply.code(problem.status).type(problemType).send(problem)
}

/** Without the query, and never longer than a log line. */
export const pathOf = (request: FastifyRequest): string =>
  (request.url.split('?')[0] as string).slice(0, 300)
