/**
 * The inner loop of plainWalk.ts in AssemblyScript: 64 bytes at a time, by SIMD. `npm run wasm`
 * compiles it into walkWasm.ts.
 *
 * Two words say which of each 64 bytes are newlines and which are quotes. The exclusive or of all
 * quotes up to a byte says whether it stands within quotes (the trick of simdjson), so only
 * newlines are looked at one by one.
 *
 * That holds as long as every quote stands where it may: an opening one behind a delimiter, a newline
 * or a quote; in front of these, or of a `\r` with a newline behind it, a closing one. What quotes
 * that are doubled do comes to the same. A record with any other quote is not plain.
 */

import { bitsOf, parities } from './bits'

/** In and out: offsets in the window; the record under way may have started in front of it. */
export let index: i32 = 0
export let start: i32 = 0
export let inQuotes: bool = false
export let records: i32 = 0
/** In and out: what there is to know of the bytes in front of `index`. */
export let carry: i32 = 0
/** Out: where the first record ended. */
export let firstEnd: i32 = 0

/** What it was told with `limit`: see `Limits`. */
let newline: i32 = 0
let delimiter: i32 = 0
let quote: i32 = 0
let comment: i32 = 0
let sizeMin: i32 = 0
let sizeMax: i32 = 0

// biome-ignore lint/complexity/useMaxParams: numbers are all that can be given to WebAssembly
export function limit(nl: i32, delim: i32, quot: i32, comm: i32, min: i32, max: i32): void {
  newline = nl
  delimiter = delim
  quote = quot
  comment = comm
  sizeMin = min
  sizeMax = max
}

const LF: i32 = 10
const CR: i32 = 13

/** The last byte is one behind which a quote may open; of the closing quotes one awaits its byte. */
const isPlace: i32 = 1
const awaitsPlace: i32 = 2
/** A `\r` behind a closing quote awaits its newline. */
const awaitsNewline: i32 = 4
/** A quote of the record under way stands where it may not. */
const isMisplaced: i32 = 8

/** Whether the window ends with a `\r` behind a closing quote. */
let endsWithCr: bool = false

/**
 * Walks over the window at `base`, behind which 64 more bytes may be read.
 * @returns whether it stopped: at a newline that does not end a plain record, or at a comment
 */
// biome-ignore lint/complexity/noExcessiveCognitiveComplexity: it is fast by what stays in locals
export function walk(base: usize, size: i32, stopAt: i32): bool {
  const newlines = i8x16.splat(i8(newline))
  const quotes = i8x16.splat(i8(quote))
  const delimiters = i8x16.splat(i8(delimiter))
  // All ones within quotes.
  let within: u64 = inQuotes ? ~u64(0) : 0
  const before = index === start ? isPlace : carry
  endsWithCr = false
  let misplaced = (before & isMisplaced) !== 0
  if ((before & awaitsNewline) !== 0 && i32(load<u8>(base + index)) !== newline) misplaced = true
  // The lowest bit: the byte in front of the block is a closing quote.
  let behind = u64((before & awaitsPlace) !== 0)
  for (let at = index; at < size; at += 64) {
    let ends = bitsOf(base + at, newlines)
    let turns = quote < 0 ? u64(0) : bitsOf(base + at, quotes)
    let lastBit: u64 = 63
    if (size - at < 64) {
      lastBit = u64(size - at - 1)
      const valid = ~u64(0) >> (63 - lastBit)
      ends &= valid
      turns &= valid
    }
    const quoted = within ^ parities(turns)
    within = u64(i64(quoted) >> 63)
    // A newline behind this bit has a misplaced quote in front of it.
    let firstWrong: u64 = 64
    if ((turns | behind) !== 0) {
      const closing = turns & ~quoted
      const follows = ((closing << 1) | behind) & (~u64(0) >> (63 - lastBit))
      behind = (closing >> lastBit) & 1
      const places = delimiter < 0 ? u64(0) : bitsOf(base + at, delimiters) | ends | turns
      let wrong = turns & quoted & ~(places << 1)
      if ((wrong & 1) !== 0) {
        const isFine = at > index ? isPlaceAt(base + at - 1) : (before & isPlace) !== 0
        if (isFine) wrong ^= 1
      }
      // With a delimiter of several bytes, every quote sends its record to the slow walk.
      wrong = delimiter < 0 ? turns : wrong | notCrs(base + at, follows & ~places, base + size)
      if (wrong !== 0) firstWrong = ctz(wrong)
    }
    const isWrong = firstWrong < 64
    if (misplaced) firstWrong = 0
    for (; ends !== 0; ends &= ends - 1) {
      const bit = ctz(ends)
      const end = at + i32(bit)
      const length = end - start
      const isQuoted = ((quoted >> bit) & 1) !== 0
      // A line of so few bytes may be blank, or have delimiters only.
      const isSized = length >= sizeMin && length < sizeMax
      if (isQuoted || bit >= firstWrong || !isSized || end + 1 >= stopAt) {
        index = end
        return true
      }
      if (records === 0) firstEnd = end
      records++
      start = end + 1
      if (comment >= 0 && start < size && i32(load<u8>(base + start)) === comment) {
        index = start
        return true
      }
    }
    misplaced = misplaced || isWrong
  }
  carry =
    (isPlaceAt(base + size - 1) ? isPlace : 0) |
    (behind !== 0 ? awaitsPlace : 0) |
    (endsWithCr ? awaitsNewline : 0) |
    (misplaced ? isMisplaced : 0)
  index = size
  inQuotes = within !== 0
  return false
}

function isPlaceAt(at: usize): bool {
  const byte = i32(load<u8>(at))
  return byte === delimiter || byte === newline || byte === quote
}

/** Those of the bits that are no `\r` with a newline behind it. */
function notCrs(at: usize, bits: u64, end: usize): u64 {
  let others = bits
  for (let rest = newline === LF ? bits : 0; rest !== 0; rest &= rest - 1) {
    const bit = ctz(rest)
    const byte = at + usize(bit)
    if (i32(load<u8>(byte)) !== CR) continue
    if (byte + 1 === end) endsWithCr = true
    if (byte + 1 === end || i32(load<u8>(byte + 1)) === LF) others ^= u64(1) << bit
  }
  return others
}
