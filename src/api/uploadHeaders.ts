/**
 * The headers of uploads that come in parts, as the draft "Resumable Uploads for HTTP" of the IETF
 * has them, and the checksum of RFC 9530.
 */
import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyReply } from 'fastify'
import { sluiceError } from '../errors.ts'
import type { UploadProgress } from '../stage/stage.ts'

const refuse = (problem: string) => sluiceError('request_invalid', { problem })

/** Whether the part is the last one; null where the client does not speak of parts. */
export function isLastPart({ 'upload-complete': text }: IncomingHttpHeaders): boolean | null {
  if (text === undefined) return null
  if (text === '?1' || text === '?0') return text === '?1'
  throw refuse('Upload-Complete must be ?1 for the last part, or ?0')
}

/** How many bytes there are in front of the part. */
export function offsetOf({ 'upload-offset': text }: IncomingHttpHeaders): number {
  if (typeof text === 'string' && /^\d{1,15}$/.test(text)) return Number(text)
  throw refuse('Upload-Offset must say how many bytes have arrived, as HEAD tells it')
}

/** The SHA-256 that the client says of the whole file, in hex; other checksums are not looked at. */
export function sha256Of(headers: IncomingHttpHeaders): string | undefined {
  const text = headers['repr-digest']
  if (typeof text !== 'string' || !/(^|[\s,])sha-256=/.test(text)) return undefined
  const [, written] = /(?:^|[\s,])sha-256=:([A-Za-z0-9+/]{43}=):/.exec(text) ?? []
  if (written === undefined)
    throw refuse('Repr-Digest must have its sha-256 in base64: sha-256=:…:')
  return Buffer.from(written, 'base64').toString('hex')
}

/** Tells how far an upload is. */
export function sayProgress(
  reply: Pick<FastifyReply, 'header'>,
  { sizeBytes, isComplete, sha256 }: UploadProgress,
): void {
  void reply.header('upload-offset', sizeBytes)
  void reply.header('upload-complete', isComplete ? '?1' : '?0')
  void reply.header('cache-control', 'no-store')
  if (sha256 === null) return
  void reply.header('repr-digest', `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`)
}
