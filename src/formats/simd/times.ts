/**
 * Dates and timestamps as COPY BINARY has them: days and microseconds since the year 2000. What is not
 * surely read as PostgreSQL reads it is not written. Up to 64 bytes behind a value may be read.
 */
import { clockEnd, dateKind, digitsOf, two } from './kinds'

const plus = 43
const minus = 45
const colon = 58
const space = 32
const letterZ = 90
const nothing: usize = 0
const dayMicros: i64 = 86400000000
/** Hours that a time may be ahead of UTC, or behind it. */
const hoursMax = 15

function daysOf(year: u32, month: u32, day: u32): i32 {
  // Years that begin in March end with the day that some of them have.
  const isEarly = u32(month <= 2)
  const years = year - isEarly
  const months = month + 12 * isEarly - 3
  const days = day + (153 * months + 2) / 5 + 365 * years + years / 4 - years / 100 + years / 400
  return i32(days) - 730426
}

/** The day of `2024-01-31`. */
function isoDays(at: usize): i32 {
  return daysOf(two(at) * 100 + two(at + 2), two(at + 5), two(at + 8))
}

/**
 * @param order of day, month and year: see csv/simd/runs.ts
 * @returns behind it; 0 for what is no date
 */
export function dateTo(to: usize, at: usize, size: i32, order: i32): usize {
  if (size !== 10 || !dateKind(at, order)) return nothing
  store<u32>(to, bswap<u32>(4))
  store<u32>(to, bswap<u32>(daysIn(at, order)), 4)
  return to + 8
}

function daysIn(at: usize, order: i32): i32 {
  // The year is in front where its third digit is one.
  if (((digitsOf(at) >> 2) & 1) !== 0) return isoDays(at)
  const year = two(at + 6) * 100 + two(at + 8)
  return order === 1 ? daysOf(year, two(at + 3), two(at)) : daysOf(year, two(at), two(at + 3))
}

/**
 * @param isZoned of a timestamptz, which says how far from UTC it is; a timestamp does not
 * @returns behind it; 0 for what is none
 */
export function stampTo(to: usize, at: usize, size: i32, isZoned: bool): usize {
  let micros: i64 = 0
  let next = 10
  if (size > 10) {
    next = clockEnd(at, size)
    if (next === 0) return nothing
    micros = microsOf(at, next)
  } else if (!dateKind(at, 0) || size !== 10) return nothing
  if (isZoned) {
    const zone = zoneOf(at + next, size - next)
    if (next === 10 || zone === noZone) return nothing
    micros -= i64(zone) * 60000000
  } else if (next !== size) return nothing
  micros += i64(isoDays(at)) * dayMicros
  store<u32>(to, bswap<u32>(8))
  store<u64>(to, bswap<u64>(u64(micros)), 4)
  return to + 12
}

/** The time of a day, which ends there. */
function microsOf(at: usize, end: i32): i64 {
  let seconds = (two(at + 11) * 60 + two(at + 14)) * 60
  if (end > 16) seconds += two(at + 17)
  let fraction = 0
  if (end > 20) {
    for (let digit = 20; digit < 26; digit++) {
      fraction = fraction * 10 + (digit < end ? i32(load<u8>(at + digit)) - 48 : 0)
    }
  }
  return i64(seconds) * 1000000 + i64(fraction)
}

const noZone = 10000

/** How many minutes it is ahead of UTC: `Z`, `+01`, `-0130`, `+01:30`, also with a space in front. */
function zoneOf(from: usize, length: i32): i32 {
  let at = from
  let size = length
  if (size > 0 && load<u8>(at) === space) {
    at++
    size--
  }
  if (size === 1 && load<u8>(at) === letterZ) return 0
  const sign = i32(load<u8>(at))
  if (size < 3 || (sign !== plus && sign !== minus)) return noZone
  const digits = digitsOf(at)
  if ((digits & 6) !== 6) return noZone
  let minutes = 0
  if (size === 5 && (digits & 0x18) === 0x18) minutes = two(at + 3)
  else if (size === 6 && (digits & 0x38) === 0x30 && load<u8>(at + 3) === colon) {
    minutes = two(at + 4)
  } else if (size !== 3) return noZone
  const hours = two(at + 1)
  if (hours > hoursMax || minutes > 59) return noZone
  return sign === minus ? -(hours * 60 + minutes) : hours * 60 + minutes
}
