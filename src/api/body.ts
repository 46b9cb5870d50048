/** Bodies of requests: JSON in UTF-8, read more strictly than JSON.parse does. */
import { isUtf8 } from 'node:buffer'
import { sluiceError } from '../errors.ts'
import type { App } from './deps.ts'
import { mustBeJson } from './json.ts'

/**
 * Takes over from Fastify's own parser, which takes bytes that are not UTF-8 for U+FFFD, the last
 * of two equal keys without a word, and says no place of a fault. An absent body counts as `{}`.
 */
export function readBodies(app: App): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    async (_request: unknown, bytes: Buffer) => parseBody(bytes),
  )
}

/** @throws request_invalid */
function parseBody(bytes: Buffer): unknown {
  if (bytes.length === 0) return {}
  const refuse = (problem: string) =>
    sluiceError('request_invalid', { problem: `the body is not JSON: ${problem}` })
  if (!isUtf8(bytes)) throw refuse('it is not UTF-8')
  const text = bytes.toString('utf8').replace(/^\ufeff/, '')
  mustBeJson(text, refuse)
  const value: unknown = JSON.parse(text)
  // The place of a body that is absent.
  if (value === null) throw refuse('it is null')
  return value
}
