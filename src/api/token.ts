/**
 * Decides which clients may have files read. Every user of the machine can reach the API of
 * `sluice up`: it asks for the token in `up.json`, which only the user who runs it can read.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import { sluiceError } from '../errors.ts'
import { needsToken } from '../sources/index.ts'
import type { IngestSpec } from '../spec/spec.ts'

/**
 * Uploads are open: their bytes come from the client itself.
 * @param token null: this API asks for none
 * @throws token_missing
 */
export function mustHoldToken(
  token: string | null,
  { source }: Pick<IngestSpec, 'source'>,
  authorization: string | undefined,
): void {
  if (token === null || !needsToken(source)) return
  const given = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1]
  if (given === undefined || !isSame(given, token)) throw sluiceError('token_missing', {})
}

/** Digests have one length, and comparing them takes one time. */
const isSame = (given: string, token: string): boolean =>
  timingSafeEqual(digest(given), digest(token))

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
