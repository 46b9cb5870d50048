/** Where the fields of plain records lie: the first half of the look at them, see fields.ts. */
import { bits16, parities } from './bits'
import { positions } from './layout'

/** So many that all of a column lie in the fast caches. */
const positionBytes: usize = 1 << 15

const CR = 13

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
 * at one whose quotes stand in odd places, or that has another number of fields.
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
  let records = 0
  let within: u64 = 0
  // What the last byte of the 64 before was: one that a quote opens behind, or a quote that closed.
  let opens: u64 = 1
  let closes: u64 = 0
  isApart = true
  splitTo = from
  for (let at = from; at < to; at += 64) {
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
    let odd: u64 = 0
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
      const closing = turns & ~quoted
      odd = turns & quoted & ~(((ends | closing) << 1) | opens)
      const behind = ((closing << 1) | closes) & ~(ends | turns)
      if (behind !== 0) odd |= behind & ~carriageReturns(at)
      closes = closing >> 63
      opens = (ends | closing) >> 63
    }
    if (to - at < 64) {
      const valid = (u64(1) << u64(to - at)) - 1
      ends &= valid
      lines &= valid
      odd &= valid
    }
    const next = out + (usize(popcnt(ends)) << 2)
    flatten(out, next, at, ends)
    for (; lines !== 0; lines &= lines - 1) {
      const bit = ctz(lines)
      const upTo = (u64(2) << bit) - 1
      const behind = out + (usize(popcnt(ends & upTo)) << 2)
      if (behind !== row + rowBytes || (odd & upTo) !== 0) return records
      records++
      row = behind
      splitTo = at + i32(bit) + 1
    }
    // In the record under way, which is set apart then.
    if (odd !== 0 || next > row + rowBytes) return records
    if (row > full) break
    out = next
  }
  isApart = false
  return records
}

function carriageReturns(at: i32): u64 {
  let bits: u64 = 0
  for (let index = 0; index < 64; index++) {
    if (load<u8>(at + index) === CR) bits |= u64(1) << u64(index)
  }
  return bits
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
