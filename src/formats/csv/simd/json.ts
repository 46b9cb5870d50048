/**
 * Is it JSON, and does a jsonb give it back as it was written, but for spaces and the form of
 * numbers? A jsonb sorts keys, by their length first, keeps the last of those that come twice, writes
 * some escapes otherwise, and forgets the minus of a zero.
 *
 * A function that reads a part of it takes the address where that starts and returns the one
 * behind it, or 0 if it is invalid: so the address stays in a register. Behind the value stands a
 * byte that is valid nowhere, so there is no need to look for the end.
 */

import { isZero } from '../../simd/kinds'
import { keys } from './layout'

const jsonb = 12
const json_ = 13

const depthMax = 60
const invalid: usize = 0
/** Where the value ends. */
let end: usize = 0
/** A quote of the file's, doubled within a quoted field, is one byte. */
let doubled: i32 = -1
/** How many bytes a quote of JSON takes so. */
let quoteSize: usize = 1
let isExact: bool = true
/** Whether the last text has a quote of the file's in it. */
let hasDoubled: bool = false

/**
 * @param quote the file's when the value stands in quotes, which then come doubled; else -1
 * @returns jsonb when that gives it back, json when only that does; 0 when it is neither
 */
export function json(start: usize, size: i32, quote: i32): i32 {
  end = start + size
  doubled = quote
  quoteSize = quote === 34 ? 2 : 1
  isExact = true
  const behind = load<u8>(end)
  store<u8>(end, 0)
  const first = space(start)
  const byte = byteAt(first)
  const isJson = (byte === 123 || byte === 91) && isDocument(first)
  store<u8>(end, behind)
  if (!isJson) return 0
  return isExact ? jsonb : json_
}

function byteAt(at: usize): i32 {
  return i32(load<u8>(at))
}

function space(from: usize): usize {
  let at = from
  for (let byte = byteAt(at); byte <= 32; byte = byteAt(at)) {
    if (byte !== 32 && byte !== 10 && byte !== 13 && byte !== 9) return at
    at++
  }
  return at
}

/** A bit for each open bracket: is it a brace? The innermost is the lowest. */
function isDocument(from: usize): bool {
  let at = from
  let braces: u64 = 0
  let depth = 0
  // A value comes next, or may come: behind an opening bracket.
  let mayEnd = false
  while (true) {
    at = space(at)
    let byte = byteAt(at)
    const isObject = depth > 0 && (braces & 1) !== 0
    if (mayEnd && byte === (isObject ? 125 : 93)) {
      at++
      braces >>= 1
      depth--
    } else {
      if (isObject) {
        at = member(at, depth, mayEnd)
        if (at === invalid) return false
        byte = byteAt(at)
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
      at = scalar(at, byte)
      if (at === invalid) return false
    }
    // Behind a value: brackets that close, then a comma, or the end.
    while (true) {
      at = space(at)
      byte = byteAt(at)
      if (depth === 0) return at === end
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

/** @returns where its value starts */
function member(from: usize, depth: i32, isFirst: bool): usize {
  if (byteAt(from) !== 34) return invalid
  const behind = key(from, depth, isFirst)
  if (behind === invalid) return invalid
  const colon = space(behind)
  return byteAt(colon) === 58 ? space(colon + 1) : invalid
}

/** One that does not come behind the last one in the order of jsonb makes it inexact. */
function key(from: usize, depth: i32, isFirst: bool): usize {
  const start = from + quoteSize
  hasDoubled = false
  const behind = text(start)
  if (behind === invalid) return invalid
  // Its length and its place among the keys are others then.
  if (hasDoubled) isExact = false
  const size = i32(behind - start - quoteSize)
  const last: usize = keys + usize(depth) * 8
  if (!isFirst) {
    const lastSize = load<i32>(last, 4)
    if (size < lastSize) isExact = false
    else if (size === lastSize && order(start, load<u32>(last), size) <= 0) isExact = false
  }
  store<u32>(last, u32(start))
  store<i32>(last, size, 4)
  return behind
}

function order(one: usize, other: usize, size: i32): i32 {
  for (let index: usize = 0; index < usize(size); index++) {
    const difference = i32(load<u8>(one + index)) - i32(load<u8>(other + index))
    if (difference !== 0) return difference
  }
  return 0
}

/** The rest of a text, with its closing quote. */
function text(from: usize): usize {
  let at = from
  while (true) {
    const byte = byteAt(at)
    if (byte === 34) {
      at += quoteSize
      return at <= end ? at : invalid
    }
    if (byte < 32) return invalid
    if (byte === 92) {
      at = escape(at + 1)
      if (at === invalid) return invalid
    } else if (byte === doubled) {
      hasDoubled = true
      at += 2
      if (at > end) return invalid
    } else at++
  }
}

/** What comes behind a backslash. */
function escape(at: usize): usize {
  const byte = byteAt(at)
  const behind = at + (byte === doubled ? 2 : 1)
  if (behind > end) return invalid
  // " \ n r t b f
  if (byte === 34 || byte === 92) return behind
  if (byte === 110 || byte === 114 || byte === 116 || byte === 98 || byte === 102) return behind
  isExact = false
  if (byte === 47) return behind
  if (byte !== 117) return invalid
  for (let digit: usize = 0; digit < 4; digit++) {
    const hex = byteAt(behind + digit)
    const letter = hex | 32
    if (!((hex >= 48 && hex <= 57) || (letter >= 97 && letter <= 102))) return invalid
  }
  return behind + 4
}

function scalar(at: usize, byte: i32): usize {
  if (byte === 34) return text(at + quoteSize)
  if (byte === 116) return word(at, 0x65757274, 0)
  if (byte === 110) return word(at, 0x6c6c756e, 0)
  if (byte === 102) return word(at, 0x736c6166, 101)
  return number(at)
}

function word(at: usize, four: u32, fifth: i32): usize {
  if (load<u32>(at) !== four) return invalid
  if (fifth === 0) return at + 4
  return byteAt(at + 4) === fifth ? at + 5 : invalid
}

/** Behind as many digits as there are. */
function digits(from: usize): usize {
  let at = from
  while (u32(byteAt(at) - 48) <= 9) at++
  return at
}

function number(from: usize): usize {
  const start = byteAt(from) === 45 ? from + 1 : from
  let at = digits(start)
  if (at === start || (byteAt(start) === 48 && at > start + 1)) return invalid
  if (byteAt(at) === 46) {
    const fraction = at + 1
    at = digits(fraction)
    if (at === fraction) return invalid
  }
  if ((byteAt(at) | 32) === 101) {
    at++
    const sign = byteAt(at)
    if (sign === 43 || sign === 45) at++
    const exponent = at
    at = digits(exponent)
    if (at === exponent) return invalid
    if (at - exponent > 3) isExact = false
  }
  if (at - from > 400 || (start > from && isZero(start, i32(at - start), 46))) isExact = false
  return at
}
