/** The kinds of the values of records, while a file is staged: how many of each a field has. */
import { clockEnd, dateKind, isBigint, isUtc, isUuid, isZero } from '../simd/kinds'
import { countBytes, counts, fieldsMax, met, seen, valueBytes, values } from './layout'
import { isBoolean, isEscaped, isNull, isString, metCount, read, spareTurns } from './record'
import { byteAt, invalid } from './syntax'

/** See `kinds` in domain/types.ts; values that are null are counted as 0. */
const whole = 1
const decimal = 2
const boolean = 5
const date = 8
const stamp = 9
const zulu = 10
const uuid = 11
const jsonb = 12
const text = 14
const offset = 15

/** See jsonSyntax.ts. */
const formWhole = 3

const minus = 45
const point = 46
const colon = 58

export function clearCounts(): void {
  memory.fill(counts, 0, usize(fieldsMax) * countBytes)
}

/** Out: how many records were counted, and where the last one ended, with its newline. */
export let counted: i32 = 0
export let countedTo: i32 = 0

/**
 * Counts records until one that is for the careful look, or that has a value of a kind that its field
 * has not shown yet.
 * @param to where the window ends
 * @param stopAt the first record that ends there or behind is the last one
 */
export function count(from: i32, to: i32, stopAt: i32): void {
  spareTurns()
  counted = 0
  countedTo = from
  while (countedTo < to) {
    const behind = read(usize(countedTo), counted === 0)
    if (behind === invalid || i32(behind) > to || !areKnown()) return
    for (let index = 0; index < metCount; index++) {
      const field = load<i32>(met + usize(index) * 4)
      const kind = load<i32>(values + usize(field) * valueBytes, 12)
      const at = counts + usize(field) * countBytes + usize(kind) * 4
      store<i32>(at, load<i32>(at) + 1)
    }
    counted++
    countedTo = i32(behind)
    if (countedTo >= stopAt) return
  }
}

/** Has each field shown the kind that its value has? */
function areKnown(): bool {
  for (let index = 0; index < metCount; index++) {
    const field = load<i32>(met + usize(index) * 4)
    const entry = values + usize(field) * valueBytes
    const kind = kindOf(usize(load<u32>(entry)), usize(load<u32>(entry, 4)), load<i32>(entry, 8))
    if (((load<i32>(seen + usize(field) * 4) >> kind) & 1) === 0) return false
    store<i32>(entry, kind, 12)
  }
  return true
}

function kindOf(from: usize, to: usize, form: i32): i32 {
  if (form === isString) return kindOfText(from + 1, i32(to - from) - 2)
  if (form < isString && form >= formWhole && isNegativeZero(from, to)) return text
  if (form === formWhole) return isWhole(from, i32(to - from)) ? whole : decimal
  // Decimal and science: two more than their kinds.
  if (form < isString && form > formWhole) return form - 2
  if (form === isNull) return 0
  if (form === isBoolean) return boolean
  return form === isEscaped ? text : jsonb
}

/** PostgreSQL forgets the minus. */
function isNegativeZero(from: usize, to: usize): bool {
  return byteAt(from) === minus && isZero(from + 1, i32(to - from) - 1, point)
}

/** Does a bigint hold it? */
function isWhole(at: usize, size: i32): bool {
  const isNegative = byteAt(at) === minus
  const digits = size - i32(isNegative)
  return digits < 19 || (digits === 19 && isBigint(at + usize(isNegative), isNegative))
}

function kindOfText(at: usize, size: i32): i32 {
  if (size < 10 || size > 40) return text
  if (byteAt(at + 4) === minus && byteAt(at + 7) === minus) {
    if (size === 10) return dateKind(at, 0) ? date : text
    return size < 16 ? text : kindOfTime(at, size)
  }
  return size === 36 && isUuid(at) ? uuid : text
}

function kindOfTime(at: usize, size: i32): i32 {
  const next = clockEnd(at, size)
  if (next === 0) return text
  if (next === size) return stamp
  if (isUtc(at + next, size - next)) return zulu
  const blank = i32(byteAt(at + next) === 32)
  return isOffset(at + next + blank, size - next - blank) ? offset : text
}

/** `+02`, `-0330`, `+05:45`. */
function isOffset(at: usize, size: i32): bool {
  const sign = byteAt(at)
  if (size < 3 || (sign !== 43 && sign !== minus) || !isTwo(at + 1)) return false
  if (size === 3) return true
  if (size === 5) return isTwo(at + 3)
  return size === 6 && byteAt(at + 3) === colon && isTwo(at + 4)
}

function isTwo(at: usize): bool {
  return u32(byteAt(at) - 48) <= 9 && u32(byteAt(at + 1) - 48) <= 9
}
