/**
 * The fields of plain records, column by column: what each one looks like. A column has values of
 * one kind as a rule, so runs of that one go fast; the others are looked at one by one.
 *
 * The records are those that walk.ts has just passed, in the same window; typeScan.ts drives it.
 */
import { alone, countBytes, counts, known, positions } from './layout'
import {
  booleans,
  dates,
  documents,
  emptyIsNull,
  isBeforeLineEnd,
  numbers,
  stamps,
  uuids,
} from './runs'
import { quote, width } from './split'
import { isText, texts } from './texts'

export { json } from './json'
export { terms } from './runs'
export { isApart, marks, split, splitTo } from './split'
export { words } from './texts'

const other = 14
const CR = 13
const knownBytes: usize = 32

/** Out: the field at which `column` stopped, and the start of its record. */
export let fieldStart: i32 = 0
export let fieldEnd: i32 = 0
export let recordStart: i32 = 0

/** The column to look at: what for first, and a bit for each kind that it is known to have. */
let pattern: i32 = 0
let seen: i32 = 0
let knownCount: i32 = 0
export function expect(thePattern: i32, theSeen: i32, theKnownCount: i32): void {
  pattern = thePattern
  seen = theSeen
  knownCount = theKnownCount
}

/** Before the first of its records. */
export function begin(): void {
  memory.fill(counts, 0, countBytes)
}

/**
 * Counts what the fields of a column look like.
 * @returns the record whose field is for the careful look; `records` at the end
 */
export function column(index: i32, from: i32, records: i32): i32 {
  const isLast = isBeforeLineEnd(index)
  const rowBytes = usize(width) * 4
  const first = positions + usize(index) * 4
  for (let record = from; record < records; record++) {
    const row = first + usize(record) * rowBytes
    record += run(row, records - record, isLast)
    if (record === records) break
    if (isCounted(first + usize(record) * rowBytes, isLast)) continue
    recordStart = load<i32>(positions + usize(record) * rowBytes) + 1
    return record
  }
  return records
}

function run(row: usize, records: i32, isLast: bool): i32 {
  switch (pattern) {
    case 1:
      return numbers(row, records, isLast, seen)
    case 2:
      return booleans(row, records, isLast, seen)
    case 3:
      return dates(row, records, isLast, seen)
    case 4:
      return stamps(row, records, isLast, seen)
    case 5:
      return uuids(row, records, isLast, seen)
    case 6:
      return documents(row, records, isLast, seen)
    default:
      return texts(row, records, isLast, seen)
  }
}

/** With blanks around, or a text, or known. */
function isCounted(row: usize, isLast: bool): bool {
  let start = load<i32>(row) + 1
  let end = load<i32>(row, 4)
  if (isLast && end > start && load<u8>(end - 1) === CR) end--
  fieldStart = start
  fieldEnd = end
  if (end - start > 1 && i32(load<u8>(start)) === quote) {
    start++
    end--
  }
  const size = end - start
  if (size <= 0 && emptyIsNull) return true
  if (isKnown(start, size)) return true
  while (start < end && isBlank(load<u8>(start))) start++
  while (end > start && isBlank(load<u8>(end - 1))) end--
  if (start === end) return false
  if (end - start < size && pattern < 5) {
    store<i32>(alone, start - 1)
    store<i32>(alone, end, 4)
    if (run(alone, 1, false) === 1) return true
  }
  if (((seen >> other) & 1) === 0 || !isText(start, end - start)) return false
  const count = counts + usize(other) * 4
  store<i32>(count, load<i32>(count) + 1)
  return true
}

function isBlank(byte: u8): bool {
  return byte === 32 || byte === 9
}

function isKnown(at: usize, size: i32): bool {
  if (knownCount === 0 || size > 16) return false
  const bytes = v128.load(at)
  const counted = (1 << size) - 1
  for (let index = 0; index < knownCount; index++) {
    const entry = known + usize(index) * knownBytes
    if (load<i32>(entry) !== size) continue
    const same = i8x16.bitmask(i8x16.eq(bytes, v128.load(entry, 16)))
    if ((same & counted) !== counted) continue
    store<i32>(entry, load<i32>(entry, 4) + 1, 4)
    return true
  }
  return false
}
