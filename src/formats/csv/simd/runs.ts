/**
 * Runs of values of one kind, as whole columns have them: a small loop for each pattern, which stops
 * at the first value that does not match it, or is of a kind that the column has not shown yet.
 *
 * One loop for all patterns is four times as slow. Up to 64 bytes behind a value may be read.
 */

import {
  dateKind,
  digitsOf,
  isBigint,
  isUuid,
  isZero,
  numberKind,
  stampKind,
} from '../../simd/kinds'
import { json } from './json'
import { counts } from './layout'
import { newline, quote, width } from './split'

export let emptyIsNull: bool = true
let point: i32 = 46
let order: i32 = 0

/**
 * How the file writes values.
 * @param thePoint the decimal mark
 * @param theOrder of dates: 0 for ISO alone, 1 for DMY, 2 for MDY, 3 for YMD
 */
export function terms(thePoint: i32, theOrder: i32, isEmptyNull: bool): void {
  point = thePoint
  order = theOrder
  emptyIsNull = isEmptyNull
}

const LF = 10
const CR = 13
const minus = 45
const zero = 48
const whole = 1
const decimal = 2
const science = 3
const code = 4
const boolean = 5
const letterT = 6
const letterF = 7
const date = 8
const stamp = 9
const zulu = 10
const uuid = 11
const jsonb = 12
const jsonText = 13

export function add(kind: i32, count: i32): void {
  const at = counts + usize(kind) * 4
  store<i32>(at, load<i32>(at) + count)
}

export function has(seen: i32, kind: i32): bool {
  return ((seen >> kind) & 1) !== 0
}

/** Does a carriage return before the end of the field belong to the line end? */
export function isBeforeLineEnd(index: i32): bool {
  return index === width - 1 && newline === LF
}

// biome-ignore lint/complexity/noExcessiveCognitiveComplexity: a call a value would cost a third
export function numbers(first: usize, records: i32, isLast: bool, seen: i32): i32 {
  const rowBytes = usize(width) * 4
  const opening = quote
  const mayBeEmpty = emptyIsNull
  const hasWhole = has(seen, whole)
  const hasDecimal = has(seen, decimal)
  const mark = point
  let wholes = 0
  let decimals = 0
  let record = 0
  for (let row = first; record < records; record++, row += rowBytes) {
    let start = load<i32>(row) + 1
    let size = load<i32>(row, 4) - start
    if (isLast && size > 0 && load<u8>(start + size - 1) === CR) size--
    let byte = i32(load<u8>(start))
    if (byte === opening && size > 1) {
      if (i32(load<u8>(start + size - 1)) !== opening) break
      start++
      size -= 2
      byte = i32(load<u8>(start))
    }
    if (size === 0 && mayBeEmpty) continue
    const isNegative = byte === minus
    if (isNegative) {
      start++
      size--
      byte = i32(load<u8>(start))
    }
    if (u32(size - 1) > 30) break
    // A zero would lose its minus.
    if (isNegative && byte <= zero && isZero(start, size, mark)) break
    let digits = digitsOf(start)
    if (size > 16) digits |= digitsOf(start + 16) << 16
    const rest = ~digits & ((u32(1) << u32(size)) - 1)
    if (rest === 0) {
      if (byte === zero && size > 1) break
      const isWhole = size < 19 || (size === 19 && isBigint(start, isNegative))
      if (!(isWhole ? hasWhole : hasDecimal)) break
      wholes += i32(isWhole)
      decimals += i32(!isWhole)
      continue
    }
    const at = i32(ctz(rest))
    if (byte === zero && at > 1) break
    if ((rest & (rest - 1)) === 0 && i32(load<u8>(start + at)) === mark) {
      if (at === size - 1 || !hasDecimal) break
      decimals++
    } else if (!addScience(numberKind(start, size, mark, rest), isNegative, seen)) break
  }
  add(whole, wholes)
  add(decimal, decimals)
  return record
}

/** A code with a sign is a number. @returns whether the column may have it */
function addScience(found: i32, isNegative: bool, seen: i32): bool {
  const kind = found === code && isNegative ? science : found
  if (kind === 0 || !has(seen, kind)) return false
  add(kind, 1)
  return true
}

export function booleans(first: usize, records: i32, isLast: bool, seen: i32): i32 {
  const rowBytes = usize(width) * 4
  const opening = quote
  const mayBeEmpty = emptyIsNull
  const hasWord = has(seen, boolean)
  const hasT = has(seen, letterT)
  const hasF = has(seen, letterF)
  let words = 0
  let ts = 0
  let fs = 0
  let record = 0
  for (let row = first; record < records; record++, row += rowBytes) {
    let start = load<i32>(row) + 1
    let size = load<i32>(row, 4) - start
    if (isLast && size > 0 && load<u8>(start + size - 1) === CR) size--
    if (size > 1 && i32(load<u8>(start)) === opening) {
      if (i32(load<u8>(start + size - 1)) !== opening) break
      start++
      size -= 2
    }
    if (size === 1) {
      const letter = load<u8>(start) | 32
      const isT = i32(hasT) & i32(letter === 116)
      const isF = i32(hasF) & i32(letter === 102)
      if ((isT | isF) === 0) break
      ts += isT
      fs += isF
    } else if (size === 0) {
      if (!mayBeEmpty) break
    } else {
      const four = load<u32>(start) | 0x20202020
      const isTrue = size === 4 && four === 0x65757274
      const isFalse = size === 5 && four === 0x736c6166 && (load<u8>(start + 4) | 32) === 101
      if (!hasWord || !(isTrue || isFalse)) break
      words++
    }
  }
  add(boolean, words)
  add(letterT, ts)
  add(letterF, fs)
  return record
}

export function dates(first: usize, records: i32, isLast: bool, seen: i32): i32 {
  const rowBytes = usize(width) * 4
  const opening = quote
  const mayBeEmpty = emptyIsNull
  const theOrder = order
  let count = 0
  let record = 0
  if (!has(seen, date)) return 0
  for (let row = first; record < records; record++, row += rowBytes) {
    let start = load<i32>(row) + 1
    let size = load<i32>(row, 4) - start
    if (isLast && size > 0 && load<u8>(start + size - 1) === CR) size--
    if (size > 1 && i32(load<u8>(start)) === opening) {
      if (i32(load<u8>(start + size - 1)) !== opening) break
      start++
      size -= 2
    }
    if (size === 10) {
      if (!dateKind(start, theOrder)) break
      count++
    } else if (size !== 0 || !mayBeEmpty) break
  }
  add(date, count)
  return record
}

export function stamps(first: usize, records: i32, isLast: bool, seen: i32): i32 {
  const rowBytes = usize(width) * 4
  const opening = quote
  const mayBeEmpty = emptyIsNull
  const hasStamp = has(seen, stamp)
  const hasZulu = has(seen, zulu)
  let locals = 0
  let zulus = 0
  let record = 0
  for (let row = first; record < records; record++, row += rowBytes) {
    let start = load<i32>(row) + 1
    let size = load<i32>(row, 4) - start
    if (isLast && size > 0 && load<u8>(start + size - 1) === CR) size--
    if (size > 1 && i32(load<u8>(start)) === opening) {
      if (i32(load<u8>(start + size - 1)) !== opening) break
      start++
      size -= 2
    }
    if (size >= 16) {
      const kind = stampKind(start, size)
      if (kind === stamp && hasStamp) locals++
      else if (kind === zulu && hasZulu) zulus++
      else break
    } else if (size !== 0 || !mayBeEmpty) break
  }
  add(stamp, locals)
  add(zulu, zulus)
  return record
}

export function uuids(first: usize, records: i32, isLast: bool, seen: i32): i32 {
  const rowBytes = usize(width) * 4
  const opening = quote
  const mayBeEmpty = emptyIsNull
  let count = 0
  let record = 0
  if (!has(seen, uuid)) return 0
  for (let row = first; record < records; record++, row += rowBytes) {
    let start = load<i32>(row) + 1
    let size = load<i32>(row, 4) - start
    if (isLast && size > 0 && load<u8>(start + size - 1) === CR) size--
    if (size > 1 && i32(load<u8>(start)) === opening) {
      if (i32(load<u8>(start + size - 1)) !== opening) break
      start++
      size -= 2
    }
    if (size === 36) {
      if (!isUuid(start)) break
      count++
    } else if (size !== 0 || !mayBeEmpty) break
  }
  add(uuid, count)
  return record
}

export function documents(first: usize, records: i32, isLast: bool, seen: i32): i32 {
  const rowBytes = usize(width) * 4
  const opening = quote
  const mayBeEmpty = emptyIsNull
  let exact = 0
  let others = 0
  let record = 0
  for (let row = first; record < records; record++, row += rowBytes) {
    let start = load<i32>(row) + 1
    let size = load<i32>(row, 4) - start
    if (isLast && size > 0 && load<u8>(start + size - 1) === CR) size--
    let doubled = -1
    if (size > 1 && i32(load<u8>(start)) === opening) {
      if (i32(load<u8>(start + size - 1)) !== opening) break
      start++
      size -= 2
      doubled = opening
    }
    if (size === 0) {
      if (mayBeEmpty) continue
      break
    }
    const kind = json(start, size, doubled)
    if (kind === jsonb && has(seen, jsonb)) exact++
    else if (kind === jsonText && has(seen, jsonText)) others++
    else break
  }
  add(jsonb, exact)
  add(jsonText, others)
  return record
}
