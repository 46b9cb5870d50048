/** Where the fields of plain records lie: the first half of the look at them, see fields.ts. */
import { bits16, parities } from './bits'
import { positions } from './layout'

/** So many that all of a column lie in the fast caches. */
const positionBytes: usize = 1 << 15
/** Rows are checked after so many bytes: to check each at its end is twice as slow. */
const stepBytes = 1024

export let newline: i32 = 0
export let quote: i32 = 0
export let width: i32 = 0
let delimiter: i32 = 0

/** What holds for a file; a quote of -1 for one where nothing is quoted. */
export function marks(theDelimiter: i32, theNewline: i32, theQuote: i32, theWidth: i32): void {
  delimiter = theDelimiter
  newline = theNewline
  quote = theQuote
  width = theWidth
}

/** Out: where `split` stopped, and whether the record there is to be looked at by itself. */
export let splitTo: i32 = 0
export let isApart: bool = false

/**
 * Finds the fields of records from `from` on, which is the start of one, until there is no room, or
 * at one that has another number of fields. Their quotes stand where they may: walk.ts has seen it.
 * @param to behind the line end of the last record
 * @returns how many records there are
 */
export function split(from: i32, to: i32): i32 {
  const delimiters = i8x16.splat(i8(delimiter))
  const newlines = i8x16.splat(i8(newline))
  const quotes = i8x16.splat(i8(quote))
  const hasQuotes = quote >= 0
  const rowBytes = usize(width) * 4
  const full = positions + positionBytes
  store<i32>(positions, from - 1)
  let out = positions + 4
  // Behind the ends of the last record.
  let row = out
  let lineCount: i32 = 0
  let within: u64 = 0
  isApart = false
  for (let at = from; at < to; ) {
    for (const stepEnd = min(to, at + stepBytes); at < stepEnd; at += 64) {
      const bytes0 = v128.load(at)
      const bytes1 = v128.load(at, 16)
      const bytes2 = v128.load(at, 32)
      const bytes3 = v128.load(at, 48)
      let lines =
        bits16(bytes0, newlines) |
        (bits16(bytes1, newlines) << 16) |
        (bits16(bytes2, newlines) << 32) |
        (bits16(bytes3, newlines) << 48)
      let ends =
        lines |
        bits16(bytes0, delimiters) |
        (bits16(bytes1, delimiters) << 16) |
        (bits16(bytes2, delimiters) << 32) |
        (bits16(bytes3, delimiters) << 48)
      if (hasQuotes) {
        const turns =
          bits16(bytes0, quotes) |
          (bits16(bytes1, quotes) << 16) |
          (bits16(bytes2, quotes) << 32) |
          (bits16(bytes3, quotes) << 48)
        const quoted = within ^ parities(turns)
        within = u64(i64(quoted) >> 63)
        lines &= ~quoted
        ends &= ~quoted
      }
      if (to - at < 64) {
        const valid = (u64(1) << u64(to - at)) - 1
        ends &= valid
        lines &= valid
      }
      const next = out + (usize(popcnt(ends)) << 2)
      flatten(out, next, at, ends)
      out = next
      lineCount += i32(popcnt(lines))
    }
    const checked = row
    let rowCount = 0
    while (row + rowBytes <= out && isLineEnd(row + rowBytes - 4)) {
      row += rowBytes
      rowCount++
    }
    // A line end more, or a row that does not end with one: some row has another width.
    if (rowCount !== lineCount || row + rowBytes <= out) {
      row = firstOdd(checked, out)
      isApart = true
      break
    }
    lineCount = 0
    if (row > full) break
  }
  splitTo = load<i32>(row - 4) + 1
  return i32((row - positions - 4) / rowBytes)
}

function isLineEnd(position: usize): bool {
  return i32(load<u8>(load<i32>(position))) === newline
}

/** The first row that does not have its line end as its last field's end, and only there. */
function firstOdd(from: usize, to: usize): usize {
  const rowBytes = usize(width) * 4
  let row = from
  while (isRow(row, to)) row += rowBytes
  return row
}

function isRow(row: usize, to: usize): bool {
  const last = row + usize(width - 1) * 4
  for (let end = row; end < last; end += 4) {
    if (end >= to || isLineEnd(end)) return false
  }
  return last < to && isLineEnd(last)
}

/** Eight at a time, whether or not there are as many: a branch less to guess. */
function flatten(from: usize, to: usize, at: i32, bits: u64): void {
  let rest = bits
  for (let out = from; out < to; out += 32) {
    store<i32>(out, at + i32(ctz(rest)))
    rest &= rest - 1
    store<i32>(out, at + i32(ctz(rest)), 4)
    rest &= rest - 1
    store<i32>(out, at + i32(ctz(rest)), 8)
    rest &= rest - 1
    store<i32>(out, at + i32(ctz(rest)), 12)
    rest &= rest - 1
    store<i32>(out, at + i32(ctz(rest)), 16)
    rest &= rest - 1
    store<i32>(out, at + i32(ctz(rest)), 20)
    rest &= rest - 1
    store<i32>(out, at + i32(ctz(rest)), 24)
    rest &= rest - 1
    store<i32>(out, at + i32(ctz(rest)), 28)
    rest &= rest - 1
  }
}
