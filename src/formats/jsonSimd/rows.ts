/** Records as COPY text, while a unit is loaded: see ../jsonRows.ts. */
import { out, outBytes, recordBytes, records, recordsMax, valueBytes, values, ways } from './layout'
import {
  end,
  hasField,
  isArray,
  isEscaped,
  isNull,
  isString,
  read,
  spareTurns,
  start,
} from './record'
import { byteAt, hexAt, invalid } from './syntax'

const tab = 9
const LF = 10
const backslash = 92
const upperN = 78

/** What is done with the values of a column, as bits; above them stands the letter of a value that is absent. */
const isJson = 1
const isArrayColumn = 2

/** Out: how many records were written, where the last one ended with its newline, and their lines. */
export let written: i32 = 0
export let writtenTo: i32 = 0
export let writtenBytes: i32 = 0
let at: usize = 0

/**
 * Writes records until one that is for the careful look, or as many as there is room for.
 * @param to where the window ends
 * @param width how many columns there are
 */
export function write(from: i32, to: i32, width: i32): void {
  spareTurns()
  written = 0
  writtenTo = from
  at = out
  while (writtenTo < to && written < recordsMax) {
    const behind = read(usize(writtenTo), written === 0)
    if (behind === invalid || i32(behind) > to) break
    const room = usize(2 * i32(end - start) + 3 * width + 64)
    if (at + room > out + outBytes) break
    const line = at
    if (!row(width)) {
      at = line
      break
    }
    const entry = records + usize(written) * recordBytes
    store<u32>(entry, u32(start))
    store<u32>(entry, u32(end), 4)
    store<u32>(entry, u32(at - out), 8)
    written++
    writtenTo = i32(behind)
  }
  writtenBytes = i32(at - out)
}

/** @returns false for what is for the careful look */
function row(width: i32): bool {
  for (let field = 0; field < width; field++) {
    if (field > 0) put(tab)
    const way = load<i32>(ways + usize(field) * 4)
    if (!hasField(field)) mark(way >> 8)
    else {
      const entry = values + usize(field) * valueBytes
      const form = load<i32>(entry, 8)
      if (form === isArray && (way & isArrayColumn) !== 0) return false
      if (form === isNull) mark(upperN)
      else value(usize(load<u32>(entry)), usize(load<u32>(entry, 4)), form, (way & isJson) !== 0)
    }
  }
  put(LF)
  return true
}

function value(from: usize, to: usize, form: i32, asJson: bool): void {
  if (form < isString || (asJson && form === isString)) copy(from, to)
  else if (form === isString) copy(from + 1, to - 1)
  else if (form === isEscaped && !asJson) plain(from + 1, to - 1)
  else quoted(from, to)
}

function put(byte: i32): void {
  store<u8>(at, u8(byte))
  at++
}

/** What stands in the place of a value. */
function mark(letter: i32): void {
  store<u16>(at, u16(backslash | (letter << 8)))
  at += 2
}

/** More may be written behind it, where nothing stands yet. */
function copy(from: usize, to: usize): void {
  const size = to - from
  for (let index: usize = 0; index < size; index += 16) {
    v128.store(at + index, v128.load(from + index))
  }
  at += size
}

/** With a backslash before each byte that has a meaning for COPY. */
function quoted(from: usize, to: usize): void {
  const backslashes = i8x16.splat(i8(backslash))
  const most = i8x16.splat(13)
  let next = from
  while (next < to) {
    const bytes = v128.load(next)
    const found = i8x16.bitmask(v128.or(i8x16.eq(bytes, backslashes), i8x16.le_u(bytes, most)))
    v128.store(at, bytes)
    const clean = min<usize>(found === 0 ? 16 : usize(ctz(found)), to - next)
    at += clean
    next += clean
    if (next < to && clean < 16) character(byteAt(next++))
  }
}

/** The text that a string of JSON means. */
function plain(from: usize, to: usize): void {
  const backslashes = i8x16.splat(i8(backslash))
  let next = from
  while (next < to) {
    const bytes = v128.load(next)
    const found = i8x16.bitmask(i8x16.eq(bytes, backslashes))
    v128.store(at, bytes)
    const clean = min<usize>(found === 0 ? 16 : usize(ctz(found)), to - next)
    at += clean
    next += clean
    if (next < to && clean < 16) next = escape(next + 1)
  }
}

/** @param from behind a backslash. @returns the address behind the escape */
function escape(from: usize): usize {
  const letter = byteAt(from)
  if (letter !== 117) {
    character(meaningOf(letter))
    return from + 1
  }
  const code = hexAt(from + 1)
  if (code < 0xd800 || code > 0xdfff) {
    codePoint(code)
    return from + 5
  }
  codePoint(0x10000 + (code - 0xd800) * 0x400 + hexAt(from + 7) - 0xdc00)
  return from + 11
}

function meaningOf(letter: i32): i32 {
  if (letter === 110) return LF
  if (letter === 116) return tab
  if (letter === 114) return 13
  if (letter === 98) return 8
  return letter === 102 ? 12 : letter
}

function character(byte: i32): void {
  if (byte === backslash) mark(backslash)
  else if (byte === LF) mark(110)
  else if (byte === 13) mark(114)
  else if (byte === tab) mark(116)
  else put(byte)
}

function codePoint(code: i32): void {
  if (code < 0x80) {
    character(code)
    return
  }
  if (code < 0x800) put(0xc0 | (code >> 6))
  else {
    if (code < 0x10000) put(0xe0 | (code >> 12))
    else {
      put(0xf0 | (code >> 18))
      put(0x80 | ((code >> 12) & 63))
    }
    put(0x80 | ((code >> 6) & 63))
  }
  put(0x80 | (code & 63))
}
