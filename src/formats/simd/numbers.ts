/**
 * Numbers as COPY BINARY has them. What is not surely read as PostgreSQL reads it is not written. Up to
 * 64 bytes behind a value may be read.
 */

const plus = 43
const minus = 45
const zero = 48
/** Four bytes twice. */
const twice: u64 = 0x100000001
const zeros: u64 = 0x30303030 * twice
const highBits: u64 = 0x80808080 * twice
const belowTen: u64 = 0x76767676 * twice
const evenBytes: u64 = 0xff00ff * twice
const nothing: usize = 0

/**
 * A whole number that takes 2, 4 or 8 bytes.
 * @returns behind it; 0 for what is none, or too large
 */
export function wholeTo(to: usize, from: usize, length: i32, bytes: i32): usize {
  let at = from
  let size = length
  const sign = i32(load<u8>(at))
  const isNegative = sign === minus
  if (isNegative || sign === plus) {
    at++
    size--
  }
  if (u32(size - 1) > 18) return nothing
  let value: u64 = 0
  for (; size > 8; size -= 8) {
    const part = eight(at, 8)
    if (part < 0) return nothing
    value = value * 100000000 + u64(part)
    at += 8
  }
  const part = eight(at, size)
  if (part < 0) return nothing
  // Nineteen digits are less than 2 ** 64.
  value = value * power(size) + u64(part)
  if (value > (u64(1) << u64(8 * bytes - 1)) - u64(!isNegative)) return nothing
  const signed = isNegative ? 0 - value : value
  store<u32>(to, bswap<u32>(bytes))
  if (bytes === 8) store<u64>(to, bswap<u64>(signed), 4)
  else if (bytes === 4) store<u32>(to, bswap<u32>(u32(signed)), 4)
  else store<u16>(to, bswap<u16>(u16(signed)), 4)
  return to + 4 + bytes
}

/** A number of up to eight digits; negative when there is anything else. */
function eight(at: usize, size: i32): i64 {
  const shift = u64(8 - size) << 3
  const digits = (load<u64>(at) << shift) ^ (zeros << shift)
  if ((((digits + belowTen) | digits) & highBits) !== 0) return -1
  const twos = (digits * 10 + (digits >> 8)) & evenBytes
  const fours = (twos * 100 + (twos >> 16)) & 0x0000ffff0000ffff
  return i64((fours * 10000 + (fours >> 32)) & 0xffffffff)
}

function power(exponent: i32): u64 {
  let value: u64 = 1
  for (let times = 0; times < exponent; times++) value *= 10
  return value
}

/** A number of more digits is for PostgreSQL to read. */
const digitsMax = 300
/** With zeros before and behind the digits of a number whose point moves. */
const scratch = memory.data(digitsMax + 64)

/** The number under way: where its digits lie, and its sign as PostgreSQL has it. */
let whole: usize = 0
let wholeSize: i32 = 0
let fraction: usize = 0
let fractionSize: i32 = 0
let signBits: u16 = 0

/**
 * A numeric: digits to the base of 10,000, the weight of the first one, and how many decimals it shows,
 * as PostgreSQL takes them from a text.
 * @returns behind it; 0 for what is none
 */
export function numericTo(to: usize, from: usize, length: i32, point: i32): usize {
  const end = from + length
  const sign = i32(load<u8>(from))
  signBits = sign === minus ? 0x40 : 0
  whole = from + usize(sign === minus || sign === plus)
  let at = behindDigits(whole, end)
  wholeSize = i32(at - whole)
  fraction = at
  fractionSize = 0
  if (at < end && i32(load<u8>(at)) === point) {
    fraction = at + 1
    at = behindDigits(fraction, end)
    fractionSize = i32(at - fraction)
    if (fractionSize === 0) return nothing
  }
  if (u32(wholeSize + fractionSize - 1) >= u32(digitsMax)) return nothing
  if (at === end) return plainTo(to)
  const exponent = exponentOf(at, end)
  return exponent === noExponent ? nothing : movedTo(to, exponent)
}

const noExponent = 10000

/** `e`, a sign, and up to three digits. */
function exponentOf(from: usize, end: usize): i32 {
  if ((load<u8>(from) | 32) !== 101) return noExponent
  const sign = i32(load<u8>(from, 1))
  const digits = from + 1 + usize(sign === minus || sign === plus)
  const size = i32(end - digits)
  if (u32(size - 1) > 2) return noExponent
  const value = i32(eight(digits, size))
  if (value < 0) return noExponent
  return sign === minus ? -value : value
}

/** Its length, its digits, the weight of the first, its sign, and its decimals. */
function headTo(to: usize, digits: i32, weight: i32, scale: i32): void {
  store<u32>(to, bswap<u32>(8 + 2 * digits))
  store<u16>(to, bswap<u16>(u16(digits)), 4)
  store<u16>(to, bswap<u16>(u16(weight)), 6)
  store<u16>(to, signBits, 8)
  store<u16>(to, bswap<u16>(u16(scale)), 10)
}

/** The point stands between two digits to the base of 10,000. */
function plainTo(to: usize): usize {
  const before = (wholeSize + 3) >> 2
  const behind = (fractionSize + 3) >> 2
  headTo(to, before + behind, before - 1, fractionSize)
  let out = to + 12
  if (before > 0) {
    const first = wholeSize - ((before - 1) << 2)
    store<u16>(out, group(whole, 0xffffffff, (4 - first) << 3))
    for (let at = whole + first; at < whole + wholeSize; at += 4) {
      out += 2
      store<u16>(out, group(at, 0xffffffff, 0))
    }
    out += 2
  }
  let rest = fractionSize
  for (let at = fraction; rest > 0; at += 4) {
    store<u16>(out, group(at, rest < 4 ? 0xffffffff >> ((4 - rest) << 3) : 0xffffffff, 0))
    out += 2
    rest -= 4
  }
  return out
}

/** An exponent has moved the point: the digits come together, with zeros around them. */
function movedTo(to: usize, exponent: i32): usize {
  const size = wholeSize + fractionSize
  store<u64>(scratch, zeros)
  memory.copy(scratch + 8, whole, wholeSize)
  memory.copy(scratch + 8 + wholeSize, fraction, fractionSize)
  store<u64>(scratch + 8 + size, zeros)
  const before = wholeSize + exponent
  const weight = (before - 1) >> 2
  const missing = 4 - (before - (weight << 2))
  const count = (size + missing + 3) >> 2
  headTo(to, count, weight, max(0, fractionSize - exponent))
  const out = to + 12
  const first = scratch + 8 - missing
  for (let index = 0; index < count; index++) {
    store<u16>(out + (index << 1), group(first + (index << 2), 0xffffffff, 0))
  }
  return out + (count << 1)
}

/** Four digits: those that the mask leaves, behind as many zeros as the bits make. */
function group(at: usize, mask: u32, bits: u32): u16 {
  const digits = ((load<u32>(at) ^ 0x30303030) & mask) << bits
  const twos = (digits & 0x000f000f) * 10 + ((digits >> 8) & 0x000f000f)
  return bswap<u16>(u16((twos & 0xffff) * 100 + (twos >> 16)))
}

/** Behind as many digits as there are. */
function behindDigits(from: usize, end: usize): usize {
  for (let at = from; at < end; at += 16) {
    const bytes = i8x16.sub(v128.load(at), i8x16.splat(i8(zero)))
    const others = ~i8x16.bitmask(i8x16.le_u(bytes, i8x16.splat(9))) & 0xffff
    if (others !== 0) return min(at + usize(ctz(others)), end)
  }
  return end
}
