/**
 * Values as COPY BINARY has them: their length, and then their bytes. PostgreSQL takes what stands there
 * as it is, so a value is written only where it is sure how PostgreSQL reads it. Up to 64 bytes behind a
 * value may be read, and as many be written behind what is asked for.
 */
import { isUuid } from './kinds'
import { numericTo, wholeTo } from './numbers'
import { dateTo, stampTo } from './times'

const nothing: usize = 0

/** What to write: their numbers are those of `binaryTypes` in ../binaryTypes.ts. */
const int2 = 1
const int4 = 2
const int8 = 3
const bool_ = 4
const numeric = 5
const date = 6
const timestamp = 7
const timestamptz = 8
const uuid = 9

let point: i32 = 46
let order: i32 = 0

/**
 * How values are written.
 * @param thePoint the decimal mark
 * @param theOrder of dates: see csv/simd/runs.ts
 */
export function terms(thePoint: i32, theOrder: i32): void {
  point = thePoint
  order = theOrder
}

/** @returns behind it; 0 where it is not sure what the value is */
export function valueTo(to: usize, type: i32, at: usize, size: i32): usize {
  switch (type) {
    case int2:
      return wholeTo(to, at, size, 2)
    case int4:
      return wholeTo(to, at, size, 4)
    case int8:
      return wholeTo(to, at, size, 8)
    case bool_:
      return booleanTo(to, at, size)
    case numeric:
      return numericTo(to, at, size, point)
    case date:
      return dateTo(to, at, size, order)
    case timestamp:
      return stampTo(to, at, size, false)
    case timestamptz:
      return stampTo(to, at, size, true)
    case uuid:
      return uuidTo(to, at, size)
    default:
      return nothing
  }
}

/** A letter, a digit or a word. */
function booleanTo(to: usize, at: usize, size: i32): usize {
  const four = load<u32>(at) | 0x20202020
  const letter = size === 1 ? four & 0xff : 0
  const isTrue =
    (size === 4 && four === 0x65757274) ||
    (size === 3 && (four & 0xffffff) === 0x736579) ||
    letter === 116 ||
    letter === 121 ||
    (size === 1 && load<u8>(at) === 49)
  const isFalse =
    (size === 5 && four === 0x736c6166 && (load<u8>(at, 4) | 32) === 101) ||
    (size === 2 && (four & 0xffff) === 0x6f6e) ||
    letter === 102 ||
    letter === 110 ||
    (size === 1 && load<u8>(at) === 48)
  if (!isTrue && !isFalse) return nothing
  store<u32>(to, bswap<u32>(1))
  store<u8>(to, u8(isTrue), 4)
  return to + 5
}

function uuidTo(to: usize, at: usize, size: i32): usize {
  if (size !== 36 || !isUuid(at)) return nothing
  const start = v128.load(at)
  const middle = v128.load(at, 16)
  const end = v128.load(at, 20)
  const first = v128.shuffle<u8>(
    start,
    middle,
    0,
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    9,
    10,
    11,
    12,
    14,
    15,
    16,
    17,
  )
  const second = v128.shuffle<u8>(
    middle,
    end,
    3,
    4,
    5,
    6,
    20,
    21,
    22,
    23,
    24,
    25,
    26,
    27,
    28,
    29,
    30,
    31,
  )
  store<u32>(to, bswap<u32>(16))
  v128.store(to, i8x16.narrow_i16x8_u(pairs(first), pairs(second)), 4)
  return to + 20
}

/** Two and two of sixteen hexadecimal digits become a number. */
function pairs(digits: v128): v128 {
  const letters = v128.and(i8x16.shr_u(digits, 6), i8x16.splat(1))
  const nine = i8x16.add(i8x16.shl(letters, 3), letters)
  const values = i8x16.add(v128.and(digits, i8x16.splat(15)), nine)
  const together = v128.or(i16x8.shl(values, 4), i16x8.shr_u(values, 8))
  return v128.and(together, i16x8.splat(255))
}

/**
 * A text without its length, in which two quotes mean one; -1 for a text that has none.
 * @returns behind it; 0 where a quote stands alone
 */
export function textTo(to: usize, from: usize, size: i32, quote: i32): usize {
  const quotes = i8x16.splat(i8(quote))
  let found = 0
  for (let index = 0; index < size; index += 16) {
    const bytes = v128.load(from + index)
    v128.store(to + index, bytes)
    const bits = i8x16.bitmask(i8x16.eq(bytes, quotes))
    found |= size - index < 16 ? bits & ((1 << (size - index)) - 1) : bits
  }
  return found === 0 || quote < 0 ? to + size : undoubledTo(to, from, size, quote)
}

function undoubledTo(to: usize, from: usize, size: i32, quote: i32): usize {
  const quotes = i8x16.splat(i8(quote))
  const end = from + size
  let at = from
  let out = to
  while (at < end) {
    const bytes = v128.load(at)
    v128.store(out, bytes)
    const bits = i8x16.bitmask(i8x16.eq(bytes, quotes))
    const next: usize = bits === 0 ? 16 : ctz(bits)
    if (at + next >= end) return out + (end - at)
    at += next
    out += next
    if (bits === 0) continue
    if (at + 1 === end || i32(load<u8>(at, 1)) !== quote) return nothing
    at += 2
    out++
  }
  return out
}
