/** One record of a file of objects whose keys are known: where the value of each field lies. */
import { fieldOf, keyAt } from './keys'
import { fieldsMax, met, valueBytes, values } from './layout'
import {
  behindColon,
  byteAt,
  hasEscape,
  invalid,
  nestedEnd,
  numberEnd,
  numberForm,
  setNewline,
  space,
  stringEnd,
  wordEnd,
} from './syntax'

/** What a value is: see ../jsonRecord.ts. */
export const isNull = 1
export const isBoolean = 2
export const isString = 7
export const isEscaped = 8
const isObject = 9
export const isArray = 10

const CR = 13
const comma = 44

/** The byte that ends a line, where a line is a record; else -1. */
let newline: i32 = -1
/** Records are the elements of a list: a comma is between them. */
let isList: bool = false

export function between(theNewline: i32, hasCommas: bool): void {
  newline = theNewline
  isList = hasCommas
  setNewline(theNewline)
}

/** Where the record lies, and how many fields it has. */
export let start: usize = 0
export let end: usize = 0
export let metCount: i32 = 0
let turn: i32 = 0

export function hasField(field: i32): bool {
  return load<i32>(values + usize(field) * valueBytes, 16) === turn
}

/** Before the count of turns overflows. */
export function spareTurns(): void {
  if (turn < 1 << 30) return
  memory.fill(values, 0, usize(fieldsMax) * valueBytes)
  turn = 0
}

/**
 * Reads the next record: a line, or an element with what stands in front of it.
 * @param isFirst a comma may be missing
 * @returns the address behind it, and its newline; 0 when it is for the careful look
 */
export function read(from: usize, isFirst: bool): usize {
  return newline < 0 ? element(from, isFirst) : line(from)
}

function line(from: usize): usize {
  const first = space(from)
  if (byteAt(first) !== 123) return invalid
  let at = object(first + 1)
  if (at === invalid) return invalid
  at = space(at)
  if (byteAt(at) !== newline) return invalid
  start = from
  end = byteAt(at - 1) === CR ? at - 1 : at
  return at + 1
}

function element(from: usize, isFirst: bool): usize {
  let at = space(from)
  if (byteAt(at) === comma) at = space(at + 1)
  else if (isList && !isFirst) return invalid
  if (byteAt(at) !== 123) return invalid
  start = at
  end = object(at + 1)
  return end
}

/** @param from behind the opening brace. @returns the address behind the closing one */
function object(from: usize): usize {
  turn++
  metCount = 0
  let expected = 0
  let at = space(from)
  if (byteAt(at) === 125) return at + 1
  while (true) {
    at = key(at, expected)
    if (at === invalid) return invalid
    const valueEnd = value(at)
    if (valueEnd === invalid) return invalid
    keep(at, valueEnd)
    expected = field + 1
    at = space(valueEnd)
    const byte = byteAt(at)
    if (byte === 125) return at + 1
    if (byte !== comma) return invalid
    at = space(at + 1)
  }
}

/** The field of the key that was read last. */
let field: i32 = 0

/** @returns where its value starts */
function key(at: usize, expected: i32): usize {
  field = expected
  const size = keyAt(at, expected)
  if (size > 0) return space(at + size)
  if (byteAt(at) !== 34) return invalid
  const keyEnd = stringEnd(at + 1)
  if (keyEnd === invalid || hasEscape) return invalid
  field = fieldOf(at + 1, i32(keyEnd - at - 1))
  return field < 0 ? invalid : behindColon(keyEnd + 1)
}

/** When a key comes twice, the last value counts. */
function keep(from: usize, to: usize): void {
  const entry = values + usize(field) * valueBytes
  store<u32>(entry, u32(from))
  store<u32>(entry, u32(to), 4)
  store<i32>(entry, form, 8)
  if (load<i32>(entry, 16) === turn) return
  store<i32>(entry, turn, 16)
  store<i32>(met + usize(metCount) * 4, field)
  metCount++
}

/** What the value is that was read last. */
let form: i32 = 0

function value(at: usize): usize {
  const byte = byteAt(at)
  if (byte === 34) {
    const quote = stringEnd(at + 1)
    form = hasEscape ? isEscaped : isString
    return quote === invalid ? invalid : quote + 1
  }
  if (byte === 123 || byte === 91) {
    form = byte === 123 ? isObject : isArray
    return nestedEnd(at)
  }
  if (byte === 45 || u32(byte - 48) <= 9) {
    const behind = numberEnd(at)
    form = numberForm
    return behind
  }
  form = byte === 110 ? isNull : isBoolean
  return wordEnd(at)
}
