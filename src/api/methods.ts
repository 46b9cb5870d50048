/** Addresses that exist, asked by a method that they do not take: 405 with `Allow`, not 404. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { sluiceError } from '../errors.ts'
import type { App } from './deps.ts'
import { pathOf, sendProblem } from './problem.ts'

/** Must come before the routes: it learns of each one as it is added. */
export function refuseMethods(app: App): void {
  const methodsByPattern = new Map<string, Set<string>>()
  app.addHook('onRoute', ({ url, method }) => {
    const methods = methodsByPattern.get(url) ?? new Set()
    for (const each of [method].flat()) methods.add(each)
    methodsByPattern.set(url, methods)
  })
  const allowedAt = (path: string): string[] => {
    const found = [...methodsByPattern].filter(([pattern]) => isOf(pattern, path))
    return [...new Set(found.flatMap(([, methods]) => [...methods]))]
  }
  app.setNotFoundHandler((request, reply) => answer(request, reply, allowedAt))
}

function answer(
  request: FastifyRequest,
  reply: FastifyReply,
  allowedAt: (path: string) => string[],
): FastifyReply {
  const path = pathOf(request)
  const allowed = allowedAt(request.url.split('?')[0] as string)
  const { method } = request
  // What exists takes at least one method; a folder that does may still lack the file.
  if (allowed.length === 0 || allowed.includes(method)) {
    return sendProblem(sluiceError('not_found', { path }), { request, reply })
  }
  const allow = [...allowed, 'OPTIONS'].sort().join(', ')
  void reply.header('allow', allow)
  if (method === 'OPTIONS') return reply.code(204).send()
  const error = sluiceError('method_not_allowed', { method, path, allowed: allow })
  return sendProblem(error, { request, reply })
}

/** `/v1/ingests/:id` and `/docs/static/*` are patterns. */
function isOf(pattern: string, path: string): boolean {
  const wanted = pattern.split('/')
  const given = path.split('/')
  const rest = wanted.at(-1) === '*'
  if (rest ? given.length < wanted.length : given.length !== wanted.length) return false
  return wanted.every((part, at) => {
    if (part === '*') return true
    return part.startsWith(':') ? given[at] !== '' : part === given[at]
  })
}
