/** Holds answers of the API against its own documentation. */
import { expect } from 'vitest'

// biome-ignore lint/suspicious/noExplicitAny: OpenAPI as it came.
type Json = any

export interface OpenApi {
  paths: Record<string, Record<string, Json>>
}

const methods = ['get', 'put', 'post', 'delete']

/** Every operation: where it is, and its part of the documentation. */
export const operationsOf = ({ paths }: OpenApi) =>
  Object.entries(paths).flatMap(([path, operations]) =>
    methods
      .filter((method) => operations[method])
      .map((method) => ({ path, method: method.toUpperCase(), operation: operations[method] })),
  )

/** An answer of an address that exists has a status, and a problem a code, that it documents. */
export function mustBeDocumented(
  openApi: OpenApi,
  asked: { method: string; url: string },
  answer: { status: number; body: Json },
): void {
  const [path = ''] = asked.url.split('?')
  const found = operationsOf(openApi).find(
    (each) => each.method === asked.method && isOf(each.path, path),
  )
  if (!found) return
  const { responses } = found.operation
  const what = `${asked.method} ${asked.url.slice(0, 300)} ${JSON.stringify(answer.body)}`
  expect(Object.keys(responses), what.slice(0, 2000)).toContain(String(answer.status))
  if (answer.status < 400) return
  const { schema } = responses[answer.status].content['application/problem+json']
  expect(schema.properties.code.enum, what.slice(0, 2000)).toContain(answer.body.code)
}

const isOf = (pattern: string, path: string): boolean => {
  const given = path.split('/')
  const wanted = pattern.split('/')
  return (
    given.length === wanted.length &&
    wanted.every((part, at) => (part.startsWith('{') ? given[at] !== '' : part === given[at]))
  )
}
