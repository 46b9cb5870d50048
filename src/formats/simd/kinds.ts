/**
 * What a value looks like, by SIMD where that pays, for the loops over CSV and over objects. What is
 * not found here is for the careful looks, csv/valueKinds.ts and jsonKinds.ts, which know all kinds;
 * they agree. Up to 64 bytes behind a value may be read.
 */

/** See `kinds` in domain/types.ts. */
const science = 3
const code = 4
const stamp = 9
const zulu = 10

const minus = 45
const zero = 48
const colon = 58

/** A bit for each byte that is a digit. */
export function digitsOf(at: usize): u32 {
  const bytes = i8x16.sub(v128.load(at), i8x16.splat(i8(zero)))
  return u32(i8x16.bitmask(i8x16.le_u(bytes, i8x16.splat(9))))
}

/**
 * With an exponent.
 * @param rest bits of what is no digit
 * @returns science or code; 0 for neither
 */
export function numberKind(at: usize, size: i32, point: i32, rest: u32): i32 {
  let e = i32(ctz(rest))
  let others = rest & (rest - 1)
  if (i32(load<u8>(at + e)) !== point) return e > 0 ? exponent(at, size, e, others) : 0
  const before = e
  e = i32(ctz(others))
  others &= others - 1
  return others !== rest && e > before + 1 && e < 32 && exponent(at, size, e, others) !== 0
    ? science
    : 0
}

/** @param others bits of what is no digit behind `e` */
function exponent(at: usize, size: i32, e: i32, others: u32): i32 {
  if ((load<u8>(at + e) | 32) !== 101) return 0
  let from = e + 1
  if (others !== 0) {
    const sign = load<u8>(at + from)
    if (others !== u32(1) << u32(from) || (sign !== 43 && sign !== minus)) return 0
    from++
  }
  const digits = size - from
  if (digits < 1 || digits > 3) return 0
  return others !== 0 ? science : code
}

/** Has it no digit but 0, in front of its exponent? */
export function isZero(at: usize, size: i32, point: i32): bool {
  for (let index = 0; index < size; index++) {
    const byte = i32(load<u8>(at + index))
    if (byte !== zero && byte !== point) return (byte | 32) === 101
  }
  return true
}

export function isBigint(at: usize, isNegative: bool): bool {
  let value: u64 = 0
  for (let digit: usize = 0; digit < 19; digit++) value = value * 10 + (load<u8>(at + digit) - zero)
  return value <= u64(i64.MAX_VALUE) + u64(isNegative)
}

export function two(at: usize): i32 {
  return (i32(load<u8>(at)) - zero) * 10 + (i32(load<u8>(at + 1)) - zero)
}

function isDay(year: i32, month: i32, day: i32): bool {
  if (year < 1 || month < 1 || month > 12 || day < 1) return false
  if (day <= 28) return true
  if (month !== 2) return day <= 30 || (day === 31 && ((month + (month >> 3)) & 1) !== 0)
  return day === 29 && (year & 3) === 0 && (year % 100 !== 0 || year % 400 === 0)
}

function isMark(byte: u8): bool {
  return byte === minus || byte === 46 || byte === 47
}

export function dateKind(at: usize, order: i32): bool {
  const digits = digitsOf(at) & 0x3ff
  if (digits === 0x36f) {
    const mark = load<u8>(at + 4)
    if (mark !== load<u8>(at + 7)) return false
    if (mark !== minus && (order !== 3 || !isMark(mark))) return false
    return isDay(two(at) * 100 + two(at + 2), two(at + 5), two(at + 8))
  }
  if (digits !== 0x3db || order === 0 || order === 3) return false
  const mark = load<u8>(at + 2)
  if (mark !== load<u8>(at + 5) || !isMark(mark)) return false
  const first = two(at)
  const second = two(at + 3)
  const year = two(at + 6) * 100 + two(at + 8)
  return order === 1 ? isDay(year, second, first) : isDay(year, first, second)
}

/** `2024-01-31 10:00`, with seconds, a fraction and UTC, if they are there. */
export function stampKind(at: usize, size: i32): i32 {
  const next = clockEnd(at, size)
  if (next === 0 || next === size) return next === 0 ? 0 : stamp
  return isUtc(at + next, size - next) ? zulu : 0
}

/** @returns how many bytes a day and a time of day take, whatever stands behind them; 0 for neither */
export function clockEnd(at: usize, size: i32): i32 {
  if (digitsOf(at) !== 0xdb6f || load<u8>(at + 13) !== colon) return 0
  const between = load<u8>(at + 10)
  if (between !== 32 && between !== 84) return 0
  if (load<u8>(at + 4) !== minus || load<u8>(at + 7) !== minus) return 0
  if (!isDay(two(at) * 100 + two(at + 2), two(at + 5), two(at + 8))) return 0
  if (two(at + 11) > 23 || two(at + 14) > 59) return 0
  let next = 16
  if (size > 16 && load<u8>(at + 16) === colon) {
    if (size < 19 || (digitsOf(at + 17) & 3) !== 3 || two(at + 17) > 59) return 0
    next = 19
    if (size > 19 && load<u8>(at + 19) === 46) {
      const fraction = i32(ctz(~digitsOf(at + 20)))
      if (fraction < 1 || fraction > 6 || 20 + fraction > size) return 0
      next = 20 + fraction
    }
  }
  return next
}

/** `Z`, `+00`, `+0000`, `+00:00`, also with a space in front. */
export function isUtc(at: usize, size: i32): bool {
  if (load<u8>(at) === 32) return isUtcTight(at + 1, size - 1)
  return isUtcTight(at, size)
}

function isUtcTight(at: usize, size: i32): bool {
  if (size === 1) return load<u8>(at) === 90
  if (size < 3 || load<u8>(at) !== 43 || load<u16>(at + 1) !== 0x3030) return false
  if (size === 3) return true
  if (size === 5) return load<u16>(at + 3) === 0x3030
  return size === 6 && load<u8>(at + 3) === colon && load<u16>(at + 4) === 0x3030
}

function notHex(at: usize): i32 {
  const bytes = v128.load(at)
  const digits = i8x16.le_u(i8x16.sub(bytes, i8x16.splat(i8(zero))), i8x16.splat(9))
  const lower = v128.or(bytes, i8x16.splat(32))
  const letters = i8x16.le_u(i8x16.sub(lower, i8x16.splat(97)), i8x16.splat(5))
  return ~i8x16.bitmask(v128.or(digits, letters)) & 0xffff
}

export function isUuid(at: usize): bool {
  if (notHex(at) !== 0x2100 || notHex(at + 16) !== 0x84 || notHex(at + 20) !== 8) return false
  return (
    load<u8>(at + 8) === minus &&
    load<u8>(at + 13) === minus &&
    load<u8>(at + 18) === minus &&
    load<u8>(at + 23) === minus
  )
}
