/**
 * The syntax of JSON, as ../jsonSyntax.ts has it, for what is usual. A function takes the address
 * where something starts and returns the one behind it, or 0: for what is invalid, and for what is for
 * the careful look. Behind the window stands a byte that is valid nowhere.
 */

export const invalid: usize = 0
const depthMax = 60
const digitsMax = 400

/** See jsonSyntax.ts. */
const whole = 3
const decimal = 4
const science = 5

/** The byte that ends a line, and is no blank; -1 where lines do not matter. */
let newline: i32 = -1

export function setNewline(byte: i32): void {
  newline = byte
}

export function byteAt(at: usize): i32 {
  return i32(load<u8>(at))
}

export function space(from: usize): usize {
  let at = from
  for (let byte = byteAt(at); byte <= 32; byte = byteAt(at)) {
    if ((byte !== 32 && byte !== 10 && byte !== 13 && byte !== 9) || byte === newline) return at
    at++
  }
  return at
}

/** The string that was read last has a backslash. */
export let hasEscape: bool = false

/** @param from behind its opening quote. @returns where its closing quote is */
export function stringEnd(from: usize): usize {
  const quotes = i8x16.splat(34)
  const backslashes = i8x16.splat(92)
  const blanks = i8x16.splat(32)
  hasEscape = false
  let at = from
  while (true) {
    const bytes = v128.load(at)
    const marks = v128.or(i8x16.eq(bytes, quotes), i8x16.eq(bytes, backslashes))
    const found = i8x16.bitmask(v128.or(marks, i8x16.lt_u(bytes, blanks)))
    if (found === 0) {
      at += 16
      continue
    }
    at += usize(ctz(found))
    const byte = byteAt(at)
    if (byte === 34) return at
    if (byte !== 92) return invalid
    hasEscape = true
    at = escapeEnd(at + 1)
    if (at === invalid) return invalid
  }
}

/** @param at behind a backslash */
function escapeEnd(at: usize): usize {
  const byte = byteAt(at)
  if (byte === 117) return unicodeEnd(at)
  // " \ / b f n r t
  if (byte === 34 || byte === 92 || byte === 47 || byte === 98) return at + 1
  return byte === 102 || byte === 110 || byte === 114 || byte === 116 ? at + 1 : invalid
}

/** `u` and four digits. PostgreSQL stores neither a NUL nor half a pair of surrogates. */
function unicodeEnd(at: usize): usize {
  const code = hexAt(at + 1)
  if (code <= 0) return invalid
  if (code < 0xd800 || code > 0xdfff) return at + 5
  if (code >= 0xdc00 || byteAt(at + 5) !== 92 || byteAt(at + 6) !== 117) return invalid
  const low = hexAt(at + 7)
  return low >= 0xdc00 && low <= 0xdfff ? at + 11 : invalid
}

/** The value of four hexadecimal digits; -1 for anything else. */
export function hexAt(from: usize): i32 {
  let value = 0
  for (let at = from; at < from + 4; at++) {
    const byte = byteAt(at)
    const letter = byte | 32
    if (byte >= 48 && byte <= 57) value = value * 16 + byte - 48
    else if (letter >= 97 && letter <= 102) value = value * 16 + letter - 87
    else return -1
  }
  return value
}

/** The form of the number that was read last. */
export let numberForm: i32 = 0

function digitsEnd(from: usize): usize {
  let at = from
  while (u32(byteAt(at) - 48) <= 9) at++
  return at
}

/** One that a numeric may not hold is for the careful look. */
export function numberEnd(from: usize): usize {
  const start = byteAt(from) === 45 ? from + 1 : from
  let at = digitsEnd(start)
  numberForm = whole
  if (at === start || (byteAt(start) === 48 && at > start + 1)) return invalid
  if (byteAt(at) === 46) {
    const fraction = at + 1
    at = digitsEnd(fraction)
    if (at === fraction) return invalid
    numberForm = decimal
  }
  if ((byteAt(at) | 32) === 101) {
    at++
    const sign = byteAt(at)
    if (sign === 43 || sign === 45) at++
    const exponent = at
    at = digitsEnd(exponent)
    if (at === exponent || at - exponent > 3) return invalid
    numberForm = science
  }
  return i32(at - from) > digitsMax ? invalid : at
}

/** `true`, `false` or `null`. */
export function wordEnd(at: usize): usize {
  const four = load<u32>(at)
  if (four === 0x65757274 || four === 0x6c6c756e) return at + 4
  return four === 0x736c6166 && byteAt(at + 4) === 101 ? at + 5 : invalid
}

function scalarEnd(at: usize): usize {
  const byte = byteAt(at)
  if (byte === 34) {
    const end = stringEnd(at + 1)
    return end === invalid ? invalid : end + 1
  }
  return byte === 45 || u32(byte - 48) <= 9 ? numberEnd(at) : wordEnd(at)
}

/** From a key to its value. */
function memberValue(at: usize): usize {
  if (byteAt(at) !== 34) return invalid
  const end = stringEnd(at + 1)
  return end === invalid ? invalid : behindColon(end + 1)
}

export function behindColon(from: usize): usize {
  const colon = space(from)
  return byteAt(colon) === 58 ? space(colon + 1) : invalid
}

/** A bit for each open bracket: is it a brace? The innermost is the lowest. */
let braces: u64 = 0
let depth: i32 = 0

/** An object or a list. */
export function nestedEnd(from: usize): usize {
  let at = from
  depth = 0
  while (true) {
    const byte = byteAt(at)
    if (byte === 123 || byte === 91) {
      if (depth === depthMax) return invalid
      braces = (braces << 1) | u64(byte === 123)
      depth++
      at = space(at + 1)
      if (!isClosing(at)) {
        at = valueAt(at)
        if (at === invalid) return invalid
        continue
      }
    } else {
      at = scalarEnd(at)
      if (at === invalid) return invalid
    }
    at = closed(at)
    if (depth === 0) return at
    if (byteAt(at) !== 44) return invalid
    at = valueAt(space(at + 1))
    if (at === invalid) return invalid
  }
}

function isClosing(at: usize): bool {
  return byteAt(at) === ((braces & 1) !== 0 ? 125 : 93)
}

/** Behind the brackets that close here. */
function closed(from: usize): usize {
  let at = from
  while (true) {
    const next = space(at)
    if (!isClosing(next)) return next
    at = next + 1
    braces >>= 1
    if (--depth === 0) return at
  }
}

/** Where the next value of a list or an object starts. */
function valueAt(at: usize): usize {
  return (braces & 1) !== 0 ? memberValue(at) : at
}
