/** What is surely a text, for the columns that have little else. */
import { classes } from './layout'
import { add, emptyIsNull, has } from './runs'
import { quote, width } from './split'

const other = 14
const CR = 13
const space: u8 = 32
const zero = 48
/** So much of a text is looked at. */
const sizeMax = 64

/** Bytes of the longest word that is no text everywhere. */
let wordMax: i32 = 0
let isForeign: bool = true

/** @param isForeignAbove whether bytes that are no ASCII stand in texts alone */
export function words(longest: i32, isForeignAbove: bool): void {
  wordMax = longest
  isForeign = isForeignAbove
}

export function texts(first: usize, records: i32, isLast: bool, seen: i32): i32 {
  const rowBytes = usize(width) * 4
  const opening = quote
  const mayBeEmpty = emptyIsNull
  let count = 0
  let record = 0
  if (!has(seen, other)) return 0
  for (let row = first; record < records; record++, row += rowBytes) {
    let start = load<i32>(row) + 1
    let size = load<i32>(row, 4) - start
    if (isLast && size > 0 && load<u8>(start + size - 1) === CR) size--
    if (size > 1 && i32(load<u8>(start)) === opening) {
      if (i32(load<u8>(start + size - 1)) !== opening) break
      start++
      size -= 2
    }
    if (size === 0) {
      if (!mayBeEmpty) break
      continue
    }
    // Without what may be a blank around it.
    if (min(load<u8>(start), load<u8>(start + size - 1)) <= space) break
    if (!isText(start, size)) break
    count++
  }
  add(other, count)
  return record
}

/** Surely: it has a letter that stands in texts only, or a zero in front. */
export function isText(at: usize, size: i32): bool {
  const first = load<u8>(classes + load<u8>(at))
  if ((first & 2) !== 0 || ((first & 1) !== 0 && size <= wordMax)) return false
  const most = min(size, sizeMax)
  for (let index = 0; index < most; index += 16) {
    const bits = foreignBits(at + index)
    if (most - index < 16 ? (bits & ((1 << (most - index)) - 1)) !== 0 : bits !== 0) return true
  }
  return load<u8>(at) === zero && size > 1 && size <= sizeMax && isWhole(at, size)
}

/**
 * A bit for each byte that stands in texts only: not in a hexadecimal number, T, Z or PM, nor in
 * words that are looked for by themselves. By its upper and its lower four bits: those of the
 * letters g to o have 1 in common, of q to y 2, of what is no ASCII 4.
 */
function foreignBits(at: usize): i32 {
  const bytes = v128.load(at)
  const lower = i8x16(4, 6, 6, 6, 4, 6, 6, 7, 7, 7, 5, 5, 5, 4, 5, 5)
  const upper = isForeign
    ? i8x16(0, 0, 0, 0, 1, 2, 1, 2, 4, 4, 4, 4, 4, 4, 4, 4)
    : i8x16(0, 0, 0, 0, 1, 2, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0)
  const low = i8x16.swizzle(lower, v128.and(bytes, i8x16.splat(15)))
  const high = i8x16.swizzle(upper, i8x16.shr_u(bytes, 4))
  return ~i8x16.bitmask(i8x16.eq(v128.and(low, high), i8x16.splat(0))) & 0xffff
}

function isWhole(at: usize, size: i32): bool {
  for (let index: usize = 0; index < usize(size); index++) {
    const digit = i32(load<u8>(at + index)) - zero
    if (digit < 0 || digit > 9) return false
  }
  return true
}
