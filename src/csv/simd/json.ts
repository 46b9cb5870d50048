/**
 * Is it JSON, and does a jsonb give it back as it was written, but for spaces and the form of
 * numbers? A jsonb sorts keys, by their length first, keeps the last of those that come twice, and
 * writes some escapes otherwise.
 */

import { keys } from './layout'

const jsonb = 12
const json_ = 13

const depthMax = 60
/** What is read, and where. A quote of the file's, doubled within a quoted field, is one byte. */
let at: usize = 0
let end: usize = 0
let doubled: i32 = -1
let isExact: bool = true

/**
 * @param quote the file's when the value stands in quotes, which then come doubled; else -1
 * @returns jsonb when that gives it back, json when only that does; 0 when it is neither
 */
export function json(start: usize, size: i32, quote: i32): i32 {
  at = start
  end = start + size
  doubled = quote
  isExact = true
  const first = space()
  if (first !== 123 && first !== 91) return 0
  if (!document()) return 0
  return isExact ? jsonb : json_
}

/** The byte at hand; -1 at the end. */
function peek(): i32 {
  return at < end ? i32(load<u8>(at)) : -1
}

function next(): void {
  at += i32(load<u8>(at)) === doubled ? 2 : 1
}

/** Over white space. @returns the byte behind it */
function space(): i32 {
  let byte = peek()
  while (byte === 32 || byte === 10 || byte === 13 || byte === 9) {
    at++
    byte = peek()
  }
  return byte
}

/** A bit for each open bracket: is it a brace? The innermost is the lowest. */
function document(): bool {
  let braces: u64 = 0
  let depth = 0
  // A value comes next, or may come: behind an opening bracket.
  let mayEnd = false
  while (true) {
    let byte = space()
    const isObject = depth > 0 && (braces & 1) !== 0
    if (mayEnd && byte === (isObject ? 125 : 93)) {
      at++
      braces >>= 1
      depth--
    } else {
      if (isObject) {
        if (!key(depth, mayEnd) || space() !== 58) return false
        at++
        byte = space()
      }
      mayEnd = false
      if (byte === 123 || byte === 91) {
        if (depth === depthMax) return false
        at++
        braces = (braces << 1) | u64(byte === 123)
        depth++
        mayEnd = true
        continue
      }
      if (!scalar(byte)) return false
    }
    // Behind a value: brackets that close, then a comma, or the end.
    while (true) {
      byte = space()
      if (depth === 0) return byte === -1
      if (byte === 44) break
      if (byte !== ((braces & 1) !== 0 ? 125 : 93)) return false
      at++
      braces >>= 1
      depth--
    }
    at++
    mayEnd = false
  }
}

/** One that does not come behind the last one in the order of jsonb makes it inexact. */
function key(depth: i32, isFirst: bool): bool {
  if (peek() !== 34) return false
  next()
  const start = at
  if (!text()) return false
  const size = i32(at - start) - (doubled === 34 ? 2 : 1)
  const last: usize = keys + usize(depth) * 8
  if (!isFirst) {
    const lastSize = load<i32>(last, 4)
    if (size < lastSize) isExact = false
    else if (size === lastSize && memory_compare(start, load<u32>(last), size) <= 0) isExact = false
  }
  store<u32>(last, u32(start))
  store<i32>(last, size, 4)
  return true
}

function memory_compare(one: usize, other: usize, size: i32): i32 {
  for (let index: usize = 0; index < usize(size); index++) {
    const difference = i32(load<u8>(one + index)) - i32(load<u8>(other + index))
    if (difference !== 0) return difference
  }
  return 0
}

/** The rest of a text, with its closing quote. */
function text(): bool {
  while (at < end) {
    const byte = i32(load<u8>(at))
    if (byte === 34) {
      next()
      return at <= end
    }
    if (byte < 32) return false
    if (byte === 92) {
      at++
      if (!escape()) return false
    } else {
      // A doubled quote of the file's within a key: its length is another one then.
      if (byte === doubled) isExact = false
      next()
    }
  }
  return false
}

function escape(): bool {
  const byte = peek()
  if (byte < 0) return false
  next()
  // " \ n r t b f
  if (byte === 34 || byte === 92) return true
  if (byte === 110 || byte === 114 || byte === 116 || byte === 98 || byte === 102) return true
  isExact = false
  if (byte === 47) return true
  if (byte !== 117) return false
  for (let digit = 0; digit < 4; digit++) {
    const hex = peek()
    const letter = hex | 32
    if (!((hex >= 48 && hex <= 57) || (letter >= 97 && letter <= 102))) return false
    at++
  }
  return true
}

function scalar(byte: i32): bool {
  if (byte === 34) {
    next()
    return text()
  }
  if (byte === 116) return word(0x65757274, 0)
  if (byte === 110) return word(0x6c6c756e, 0)
  if (byte === 102) return word(0x736c6166, 101)
  return number()
}

function word(four: u32, fifth: i32): bool {
  if (end - at < 4 || load<u32>(at) !== four) return false
  at += 4
  if (fifth === 0) return true
  if (peek() !== fifth) return false
  at++
  return true
}

function digits(): i32 {
  const start = at
  for (let byte = peek(); byte >= 48 && byte <= 57; byte = peek()) at++
  return i32(at - start)
}

function number(): bool {
  const start = at
  if (peek() === 45) at++
  const isZero = peek() === 48
  const whole = digits()
  if (whole === 0 || (isZero && whole > 1)) return false
  if (peek() === 46) {
    at++
    if (digits() === 0) return false
  }
  if ((peek() | 32) === 101) {
    at++
    const sign = peek()
    if (sign === 43 || sign === 45) at++
    const size = digits()
    if (size === 0) return false
    if (size > 3) isExact = false
  }
  if (at - start > 400) isExact = false
  return true
}
