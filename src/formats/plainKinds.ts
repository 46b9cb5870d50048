/** What a value is by its form alone, in any format: numbers, uuids, dates and times as ISO 8601 has them. */
import type { Kind } from '../domain/types.ts'

const number = /^(-?)(?:(0|[1-9]\d*)(?:\.(\d+))?|\.(\d+))(?:[eE]([-+]?)(\d{1,3}))?$/
const bigints = { min: -(2n ** 63n), max: 2n ** 63n - 1n }
/** A longer text is not taken for a number. */
const numberCharsMax = 400

/** @returns null for what is no number, and for a zero with a minus, which PostgreSQL forgets */
export function numberKind(text: string): Kind | null {
  return isNegativeZero(text) ? null : formOf(text)
}

/** As PostgreSQL reads it, in whatever form. */
export const isPlainNumber = (text: string): boolean => formOf(text) !== null

/** `-0`, `-0.00`, `-0e5`: no number is equal to it but 0. */
export const isNegativeZero = (text: string): boolean => /^-[0.]+(?:[eE]|$)/.test(text)

function formOf(text: string): Kind | null {
  if (text.length > numberCharsMax) return null
  const found = number.exec(text)
  if (!found) return /^-?inf(inity)?$/i.test(text) ? 'infinity' : null
  const [, minus, whole, fraction = found[4], , sign, exponent] = found
  if (exponent !== undefined) {
    return fraction !== undefined || sign !== '' || minus !== '' ? 'science' : 'code'
  }
  if (fraction !== undefined) return 'decimal'
  if ((whole ?? '').length <= 18) return 'whole'
  const value = BigInt(text)
  return value >= bigints.min && value <= bigints.max ? 'whole' : 'decimal'
}

const isoTime =
  /^(\d{4})-(\d{2})-(\d{2})(?:[ T](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?)(?: ?(Z|[-+]\d{2}(?::?\d{2})?))?)?$/

/** @returns null for a date or a time that does not exist, other for what has another form */
export function isoKindOf(text: string): Kind | 'other' | null {
  const found = isoTime.exec(text)
  return found ? kindOfIso(found) : 'other'
}

function kindOfIso([, year = '', month = '', day = '', clock, zone]: RegExpExecArray): Kind | null {
  if (!isDay(year, month, day)) return null
  if (clock === undefined) return 'date'
  if (!isClock(clock)) return null
  if (zone === undefined) return 'stamp'
  if (/^(Z|\+00(:?00)?)$/.test(zone)) return 'zulu'
  return 'offset'
}

export function isDay(year: string, month: string, day: string): boolean {
  const y = Number(year)
  // As PostgreSQL reads a year of two digits.
  const full = year.length > 2 ? y : y + (y < 70 ? 2000 : 1900)
  const m = Number(month)
  const d = Number(day)
  if (full < 1 || m < 1 || m > 12 || d < 1) return false
  const isLeap = full % 4 === 0 && (full % 100 !== 0 || full % 400 === 0)
  if (m === 2) return d <= (isLeap ? 29 : 28)
  return d <= ([4, 6, 9, 11].includes(m) ? 30 : 31)
}

/** A time that PostgreSQL does not carry over: no second 60, no hour 24. */
export function isClock(text: string): boolean {
  const found = /^(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?( ?[AaPp][Mm])?$/.exec(text)
  if (!found) return false
  const [, hour, minute, second = '0', half] = found
  const hours = Number(hour)
  const isHour = half === undefined ? hours < 24 : hours >= 1 && hours <= 12
  return isHour && Number(minute) < 60 && Number(second) < 60
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

export const isUuid = (text: string): boolean => uuid.test(text)
