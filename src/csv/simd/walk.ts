/**
 * The inner loop of plainWalk.ts in AssemblyScript: 64 bytes at a time, by SIMD. `npm run wasm`
 * compiles it into walkWasm.ts.
 *
 * Of each 64 bytes two words say which are newlines and which are quotes. The exclusive or of all
 * quotes up to a byte says whether it stands within quotes (the trick of simdjson), so only
 * newlines are looked at one by one.
 */

/** In and out: offsets in the window; the record under way may have started in front of it. */
export let index: i32 = 0
export let start: i32 = 0
export let inQuotes: bool = false
export let records: i32 = 0

/** What it was told with `limit`; see `WalkLimits`. */
let newline: i32 = 0
let quote: i32 = 0
let comment: i32 = 0
let sizeMax: i32 = 0

export function limit(theNewline: i32, theQuote: i32, theComment: i32, theSizeMax: i32): void {
  newline = theNewline
  quote = theQuote
  comment = theComment
  sizeMax = theSizeMax
}

/**
 * Walks over the window at `base`, behind which 64 more bytes may be read.
 * @returns whether it stopped: at a newline that does not end a plain record, or at a comment
 */
export function walk(base: usize, size: i32, stopAt: i32): bool {
  const newlines = i8x16.splat(i8(newline))
  const quotes = i8x16.splat(i8(quote))
  // All ones within quotes.
  let within: u64 = inQuotes ? ~u64(0) : 0
  for (let at = index; at < size; at += 64) {
    let ends = bitsOf(base + at, newlines)
    let turns = quote < 0 ? u64(0) : bitsOf(base + at, quotes)
    if (size - at < 64) {
      const valid = (u64(1) << u64(size - at)) - 1
      ends &= valid
      turns &= valid
    }
    const quoted = within ^ parities(turns)
    within = u64(i64(quoted) >> 63)
    for (; ends !== 0; ends &= ends - 1) {
      const bit = ctz(ends)
      const end = at + i32(bit)
      const length = end - start
      const isQuoted = ((quoted >> bit) & 1) !== 0
      // Of fewer than two bytes it may be blank.
      if (isQuoted || length < 2 || length >= sizeMax || end + 1 >= stopAt) {
        index = end
        inQuotes = isQuoted
        return true
      }
      records++
      start = end + 1
      if (comment >= 0 && start < size && i32(load<u8>(base + start)) === comment) {
        index = start
        inQuotes = false
        return true
      }
    }
  }
  index = size
  inQuotes = within !== 0
  return false
}

/** A bit for each of 64 bytes: is it this one? */
function bitsOf(at: usize, byte: v128): u64 {
  const low = bits16(v128.load(at), byte) | (bits16(v128.load(at, 16), byte) << 16)
  const high = bits16(v128.load(at, 32), byte) | (bits16(v128.load(at, 48), byte) << 16)
  return low | (high << 32)
}

function bits16(bytes: v128, byte: v128): u64 {
  return u64(i8x16.bitmask(i8x16.eq(bytes, byte)))
}

/** Each bit becomes the exclusive or of itself and all below it. */
function parities(bits: u64): u64 {
  const by2 = bits ^ (bits << 1)
  const by4 = by2 ^ (by2 << 2)
  const by8 = by4 ^ (by4 << 4)
  const by16 = by8 ^ (by8 << 8)
  const by32 = by16 ^ (by16 << 16)
  return by32 ^ (by32 << 32)
}
