/**
 * The syntax of JSON (RFC 8259), over bytes: where a value ends, and what is wrong with it.
 *
 * A function takes the address where something starts, and returns the one behind it, or -1 for what
 * is no JSON; `fault` says then what it is. Nothing but blanks looks for an end: behind a text must
 * stand a byte that ends strings and numbers, such as the newline behind a line, or a NUL.
 */

/** What was wrong at last, and where. */
export const fault = { at: 0, problem: '', isText: false }

/** What was met since these were set to their initial values. */
export const met = {
  /** A string with a backslash. */
  escapes: false,
  /** A number that a numeric may not hold: its exponent has more than three digits, or it is very long. */
  wide: false,
  /** How deep brackets were nested. */
  depth: 0,
}

const digitsMax = 400
export const isWhite = (byte: number): boolean =>
  byte === 32 || byte === 10 || byte === 13 || byte === 9

/** @param problem in words, behind the place */
export function fail(at: number, problem: string, isText = false): -1 {
  fault.at = at
  fault.problem = problem
  fault.isText = isText
  return -1
}

/** Blanks behind it are not passed: a line ends where it ends, whatever the next one has. */
let limit = 0

/** @param at the end of the text that is read next */
export function setLimit(at: number): void {
  limit = at
}

export function space(bytes: Buffer, from: number): number {
  let at = from
  while (at < limit && isWhite(bytes[at] as number)) at++
  return at
}

/** @param from behind its opening quote. @returns where its closing quote is */
export function stringEnd(bytes: Buffer, from: number): number {
  let at = from
  for (;;) {
    const byte = bytes[at] as number
    if (byte === 34) return at
    if (byte === 92) {
      met.escapes = true
      at = escapeEnd(bytes, at + 1)
      if (at < 0) return -1
    } else if (byte < 32 || byte === undefined) {
      const isEnd = byte === undefined || byte === 10 || byte === 0
      return fail(at, isEnd ? 'a string is never closed' : 'a control character in a string')
    } else at++
  }
}

/** @param at behind a backslash */
function escapeEnd(bytes: Buffer, at: number): number {
  const byte = bytes[at] as number
  if (byte === 117) return unicodeEnd(bytes, at)
  // " \ / b f n r t
  const isKnown =
    byte === 34 ||
    byte === 92 ||
    byte === 47 ||
    byte === 98 ||
    byte === 102 ||
    byte === 110 ||
    byte === 114 ||
    byte === 116
  return isKnown ? at + 1 : fail(at - 1, 'an escape that JSON does not have')
}

/** `\u` and four digits; half a pair of surrogates is no character. */
function unicodeEnd(bytes: Buffer, at: number): number {
  const code = hexAt(bytes, at + 1)
  if (code < 0) return fail(at - 1, 'an escape that JSON does not have')
  if (code === 0) return fail(at - 1, 'the character \\u0000', true)
  if (code < 0xd800 || code > 0xdfff) return at + 5
  const isPair = code < 0xdc00 && bytes[at + 5] === 92 && bytes[at + 6] === 117
  const low = isPair ? hexAt(bytes, at + 7) : -1
  if (low >= 0xdc00 && low <= 0xdfff) return at + 11
  return fail(at - 1, 'half of a surrogate pair', true)
}

/** The value of four hexadecimal digits; -1 for anything else. */
export function hexAt(bytes: Buffer, from: number): number {
  let value = 0
  for (let at = from; at < from + 4; at++) {
    const byte = bytes[at] as number
    const letter = byte | 32
    if (byte >= 48 && byte <= 57) value = value * 16 + byte - 48
    else if (letter >= 97 && letter <= 102) value = value * 16 + letter - 87
    else return -1
  }
  return value
}

/** Kinds of numbers by their form. */
export const whole = 3
export const decimal = 4
export const science = 5
/** The form of the number that was read last. */
export let numberForm = 0

function numberEnd(bytes: Buffer, from: number): number {
  let at = from
  if (bytes[at] === 45) at++
  const start = at
  at = digitsEnd(bytes, at)
  numberForm = whole
  if (at === start) return fail(from, 'no value')
  if (bytes[start] === 48 && at > start + 1) return fail(from, 'a number that begins with 0')
  if (bytes[at] === 46) {
    const fraction = at + 1
    at = digitsEnd(bytes, fraction)
    if (at === fraction) return fail(at, 'no digit behind the point of a number')
    numberForm = decimal
  }
  if (((bytes[at] as number) | 32) === 101) {
    at++
    if (bytes[at] === 43 || bytes[at] === 45) at++
    const exponent = at
    at = digitsEnd(bytes, at)
    if (at === exponent) return fail(at, 'no digit in the exponent of a number')
    if (at - exponent > 3) met.wide = true
    numberForm = science
  }
  if (at - from > digitsMax) met.wide = true
  return at
}

function digitsEnd(bytes: Buffer, from: number): number {
  let at = from
  for (;;) {
    const byte = bytes[at] as number
    if (!(byte >= 48 && byte <= 57)) return at
    at++
  }
}

/** `true`, `false` or `null`, by its first letter; anything else is no value. */
function wordEnd(bytes: Buffer, at: number): number {
  const byte = bytes[at]
  if (byte === 116 && isText(bytes, at, 'true')) return at + 4
  if (byte === 102 && isText(bytes, at, 'false')) return at + 5
  if (byte === 110 && isText(bytes, at, 'null')) return at + 4
  return fail(at, 'no value')
}

function isText(bytes: Buffer, at: number, text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    if (bytes[at + index] !== text.charCodeAt(index)) return false
  }
  return true
}

/** A string, a number or a word. */
function scalarEnd(bytes: Buffer, at: number): number {
  const byte = bytes[at] as number
  if (byte === 34) {
    const end = stringEnd(bytes, at + 1)
    return end < 0 ? -1 : end + 1
  }
  return byte === 45 || (byte >= 48 && byte <= 57) ? numberEnd(bytes, at) : wordEnd(bytes, at)
}

const usualDepth = 1 << 12
/** A bit for each open bracket: is it a brace? It grows for one value, and is small again behind it. */
let braces = new Uint8Array(usualDepth / 8)

/** Any value. It goes through brackets in a loop: however deep they are, nothing overflows. */
export function valueEnd(bytes: Buffer, from: number): number {
  const first = bytes[from]
  if (first !== 123 && first !== 91) return scalarEnd(bytes, from)
  const end = containerEnd(bytes, from)
  if (braces.length > usualDepth / 8) braces = new Uint8Array(usualDepth / 8)
  return end
}

function containerEnd(bytes: Buffer, from: number): number {
  let depth = 0
  let at = from
  let inObject = false
  // Right behind an opening bracket, which may be closed at once.
  let isOpened = false
  for (;;) {
    let byte = bytes[at] as number
    if (isOpened && byte === (inObject ? 125 : 93)) {
      isOpened = false
    } else {
      if (inObject) {
        at = memberValue(bytes, at)
        if (at < 0) return -1
        byte = bytes[at] as number
      }
      if (byte === 123 || byte === 91) {
        inObject = byte === 123
        push(depth++, inObject)
        if (depth > met.depth) met.depth = depth
        at = space(bytes, at + 1)
        isOpened = true
        continue
      }
      isOpened = false
      at = scalarEnd(bytes, at)
      if (at < 0) return -1
      at = space(bytes, at)
    }
    // Behind a value: brackets that close, then a comma.
    for (byte = bytes[at] as number; byte === (inObject ? 125 : 93); byte = bytes[at] as number) {
      at++
      if (--depth === 0) return at
      inObject = isBrace(depth - 1)
      at = space(bytes, at)
    }
    if (byte !== 44) return fail(at, inObject ? 'no comma, and no }' : 'no comma, and no ]')
    at = space(bytes, at + 1)
  }
}

function push(depth: number, inObject: boolean): void {
  const index = depth >> 3
  if (index >= braces.length) {
    const larger = new Uint8Array(braces.length * 2)
    larger.set(braces)
    braces = larger
  }
  const bit = 1 << (depth & 7)
  if (inObject) (braces[index] as number) |= bit
  else (braces[index] as number) &= ~bit
}

const isBrace = (depth: number): boolean =>
  ((braces[depth >> 3] as number) & (1 << (depth & 7))) !== 0

/** From a key to its value. */
function memberValue(bytes: Buffer, from: number): number {
  if (bytes[from] !== 34) return fail(from, 'no key in quotes')
  const end = stringEnd(bytes, from + 1)
  return end < 0 ? -1 : behindColon(bytes, end + 1)
}

export function behindColon(bytes: Buffer, from: number): number {
  const colon = space(bytes, from)
  return bytes[colon] === 58 ? space(bytes, colon + 1) : fail(colon, 'no colon behind a key')
}
