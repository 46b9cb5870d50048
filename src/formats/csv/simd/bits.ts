/** What the loops over 64 bytes share, in AssemblyScript. */

/** A bit for each of 64 bytes: is it this one? */
export function bitsOf(at: usize, byte: v128): u64 {
  const low = bits16(v128.load(at), byte) | (bits16(v128.load(at, 16), byte) << 16)
  const high = bits16(v128.load(at, 32), byte) | (bits16(v128.load(at, 48), byte) << 16)
  return low | (high << 32)
}

export function bits16(bytes: v128, byte: v128): u64 {
  return u64(i8x16.bitmask(i8x16.eq(bytes, byte)))
}

/** Each bit becomes the exclusive or of itself and all below it. */
export function parities(bits: u64): u64 {
  const by2 = bits ^ (bits << 1)
  const by4 = by2 ^ (by2 << 2)
  const by8 = by4 ^ (by4 << 4)
  const by16 = by8 ^ (by8 << 8)
  const by32 = by16 ^ (by16 << 16)
  return by32 ^ (by32 << 32)
}
