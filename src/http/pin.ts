/** What must stay as it is while a file is read over HTTP: ETag, date and size, as they were listed. */
import { sluiceError } from '../errors.ts'
import type { Answer } from './transport.ts'

export interface Pin {
  etag?: string
  /** Its Last-Modified, as the server writes it. */
  modified?: string
  /** null for a server that does not say it. */
  sizeBytes: number | null
}

/** A weak ETag says that two states mean the same, not that their bytes are the same. */
const isStrong = (etag: string | undefined): etag is string => etag?.startsWith('"') ?? false

/** Whether parts from several answers can be told to be of one state. */
export const isFirm = ({ etag, modified }: Pin): boolean =>
  etag !== undefined || modified !== undefined

/** Ask the server to answer for this state only. Those that ignore it are seen by `mustMatch`. */
export function conditions({ etag, modified }: Pin): Record<string, string> {
  if (isStrong(etag)) return { 'if-match': etag }
  return modified === undefined ? {} : { 'if-unmodified-since': modified }
}

export function pinOf(answer: Answer, sizeBytes: number | null): Pin {
  const etag = answer.header('etag')
  const modified = answer.header('last-modified')
  return { ...(etag !== null && { etag }), ...(modified !== null && { modified }), sizeBytes }
}

/** @throws file_changed */
export function mustMatch(found: Pin, pin: Pin, file: string): void {
  const refuse = (problem: string) => sluiceError('file_changed', { file, problem })
  const { sizeBytes } = pin
  if (sizeBytes !== null && found.sizeBytes !== null && found.sizeBytes !== sizeBytes) {
    throw refuse(`it had ${sizeBytes} bytes and has ${found.sizeBytes}`)
  }
  for (const [name, what] of [
    ['etag', 'ETag'],
    ['modified', 'Last-Modified'],
  ] as const) {
    if (pin[name] === undefined) continue
    if (found[name] === undefined) throw refuse(`its server does not send ${what} any more`)
    if (found[name] !== pin[name]) throw refuse(`its ${what} is another one`)
  }
}
