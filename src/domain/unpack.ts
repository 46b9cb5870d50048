/** How much may come out of a packed file: settings of the operator. */
export interface UnpackLimits {
  /** Bytes that come out for each that goes in, once more than `unpackFreeBytes` have come out. */
  ratioMax: number
  /** Bytes that come out of one file. */
  bytesMax: number
  /** Files in one archive. */
  membersMax: number
}

/** Small files pack as well as they like. */
export const unpackFreeBytes = 64 * 1024 * 1024

export const unpackLimits: UnpackLimits = {
  ratioMax: 300,
  bytesMax: 100 * 1024 ** 3,
  membersMax: 100_000,
}

/**
 * Why the encoding of a text may be wrong: neither the spec nor a byte order mark says it, or the
 * spec does, and the bytes have the form of UTF-8.
 */
export type EncodingDoubt = 'guessed' | 'is utf-8'
