/**
 * Records of CSV as COPY BINARY has rows, from the fields that split.ts has found. `npm run wasm`
 * compiles it into ../rowsWasm.ts, and ../binary.ts drives it.
 */
import { textTo, valueTo } from '../../simd/binary'
import { positions } from './layout'
import { newline, quote, width } from './split'

export { terms } from '../../simd/binary'
export { isApart, marks, split, splitTo } from './split'

const LF = 10
const CR = 13
const page: usize = 1 << 16
/** The columns of a table can be no more. */
const columnsMax: usize = 2048
const nothing: usize = 0
/** See ../../binaryTypes.ts: from this one on the bytes of a value are sent, those of JSON as well. */
const text = 10
const jsonb = 12

/** Where the records are, behind what the compiler puts into the first page. */
export const window: usize = page
export const windowBytes: i32 = 1 << 20
/** What to write of each column, a byte each. */
export const types: usize = positions + page
/** The text for NULL. */
export const nullText: usize = types + columnsMax
/** Where the rows begin. A field takes up to 24 bytes more than its text. */
export const out: usize = types + page
/** The pages of memory that all of this takes. */
export const pages: i32 = i32((out + (1 << 21)) >> 16)

let nullSize: i32 = 0

/** How many bytes the text for NULL has. */
export function nulls(size: i32): void {
  nullSize = size
}

/**
 * Writes records that `split` has found.
 * @returns behind the last row; 0 where it is not sure what PostgreSQL would make of a value
 */
export function rows(records: i32): usize {
  const columns = width
  const opening = quote
  const emptySize = nullSize
  const head = bswap<u16>(u16(columns))
  let to = out
  let at = positions
  for (let record = 0; record < records; record++) {
    store<u16>(to, head)
    to += 2
    for (let column = 0; column < columns; column++) {
      let start = load<i32>(at) + 1
      at += 4
      let end = load<i32>(at)
      if (column === columns - 1 && newline === LF && end > start) {
        end -= i32(load<u8>(end - 1) === CR)
      }
      const isQuoted = end > start && i32(load<u8>(start)) === opening
      if (isQuoted) {
        end--
        if (end === start || i32(load<u8>(end)) !== opening) return nothing
        start++
      }
      const size = end - start
      const type = i32(load<u8>(types + column))
      if (size === emptySize && !(isQuoted && type === text) && isNull(start)) {
        store<i32>(to, -1)
        to += 4
      } else if (type < text) {
        to = valueTo(to, type, start, size)
        if (to === nothing) return nothing
      } else {
        to = bytesTo(to, type, start, size, isQuoted)
        if (to === nothing) return nothing
      }
    }
  }
  return to
}

function isNull(at: usize): bool {
  for (let index = 0; index < nullSize; index++) {
    if (load<u8>(at + index) !== load<u8>(nullText + index)) return false
  }
  return true
}

/** A text, or JSON: PostgreSQL looks at its bytes as it does in COPY of text. */
// biome-ignore lint/complexity/useMaxParams: an object for each value would cost more than it
function bytesTo(to: usize, type: i32, start: usize, size: i32, isQuoted: bool): usize {
  let from = to + 4
  if (type === jsonb) {
    store<u8>(from, 1)
    from++
  }
  const end = textTo(from, start, size, quote)
  if (end === nothing || (end - from !== size && !isQuoted)) return nothing
  store<u32>(to, bswap<u32>(i32(end - to - 4)))
  return end
}
