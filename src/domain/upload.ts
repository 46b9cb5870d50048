/** What a client may call an upload. */
import { Type } from 'typebox'

export const UploadName = Type.String({
  pattern: '^[A-Za-z0-9][A-Za-z0-9._ ()+@=,-]{0,199}$',
  description: 'Letters, digits and `. _ - ( ) + @ = ,` and spaces; no folders.',
})

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
