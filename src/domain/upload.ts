/** What a client may call an upload. */
import { Type } from 'typebox'

export const UploadName = Type.String({
  pattern: '^[A-Za-z0-9][A-Za-z0-9._ ()+@=,-]{0,199}$',
  description: 'Letters, digits and `. _ - ( ) + @ = ,` and spaces; no folders.',
})

const nameCharsMax = 200

/** The name of an upload that a command sends: no other ingest has it, and the file can still be recognised. */
export function uploadName(ingestId: string, fileName: string, index: number): string {
  const start = sentPrefix(ingestId, index)
  const plain = fileName.replace(/[^A-Za-z0-9._ ()+@=,-]/g, '_')
  return start + plain.slice(-(nameCharsMax - start.length))
}

const sentPrefix = (ingestId: string, index: number): string =>
  `${ingestId}-${index > 0 ? `${index + 1}-` : ''}`

/** @returns what gives the names of files as they were before a command sent them */
export function plainNames(ingestId: string, uploads: readonly string[]): (name: string) => string {
  const sent = [...new Set(uploads.map((path) => path.replace(/\/.*$/s, '')))]
  const prefixes = new Map(sent.map((name, index) => [name, sentPrefix(ingestId, index)]))
  return (name) => {
    const prefix = prefixes.get(name.replace(/\/.*$/s, ''))
    return prefix !== undefined && name.startsWith(prefix) ? name.slice(prefix.length) : name
  }
}

/** An upload in a source, or some members of one. */
export const UploadPath = Type.String({
  pattern: '^[A-Za-z0-9][A-Za-z0-9._ ()+@=,-]{0,199}(/.+)?$',
  maxLength: 4096,
  description:
    'The name of an upload; behind an archive and a slash: which of its members, like `a.zip/*.csv`.',
})

/** A client names so many files that it did not send; more of them are not told by name. */
export const leftOutMax = 1000

/** How much clients may send, in bytes. */
export interface UploadLimits {
  eachMax: number
  /** All that lie in the stage, together. */
  allMax: number
}

export const noUploadLimits: UploadLimits = {
  eachMax: Number.POSITIVE_INFINITY,
  allMax: Number.POSITIVE_INFINITY,
}
