/** Days, times and timestamps, which Avro counts from 1970, as PostgreSQL reads them. */
import type { Fraction } from './logical.ts'

const secondsPerDay = 86_400

/** @param day counted from 1970-01-01, in the calendar of today */
export function dayText(day: number): string {
  const { date, isBefore } = dateOf(day)
  return isBefore ? `${date} BC` : date
}

/** One that is no time of a day is said as what it is, which no time takes. */
export function timeText(value: number | bigint, per: Fraction): string {
  if (value < 0 || value > secondsPerDay * per) {
    return `${value} ${per === 1000 ? 'milliseconds' : 'microseconds'}`
  }
  return clockText(Number(value), per)
}

/** What a number of nanoseconds is in microseconds, and whether it lost some. */
export function microsOf(nanos: number | bigint): { micros: number | bigint; isCut: boolean } {
  if (typeof nanos === 'number') {
    const micros = Math.floor(nanos / 1000)
    return { micros, isCut: micros * 1000 !== nanos }
  }
  const rest = ((nanos % 1000n) + 1000n) % 1000n
  return { micros: (nanos - rest) / 1000n, isCut: rest !== 0n }
}

export function timestampText(
  value: number | bigint,
  { per, isLocal }: { per: Fraction; isLocal: boolean },
): string {
  const { day, rest } = dayOf(value, per)
  const { date, isBefore } = dateOf(day)
  return `${date} ${clockText(rest, per)}${isLocal ? '' : '+00'}${isBefore ? ' BC' : ''}`
}

const dayNanos = BigInt(secondsPerDay) * 1_000_000_000n

/** The day, and what of it has passed. */
function dayOf(value: number | bigint, per: Fraction): { day: number; rest: number } {
  if (typeof value === 'number') {
    const perDay = secondsPerDay * per
    const day = Math.floor(value / perDay)
    return { day, rest: value - day * perDay }
  }
  const perDay = (dayNanos * BigInt(per)) / 1_000_000_000n
  const rest = ((value % perDay) + perDay) % perDay
  return { day: Number((value - rest) / perDay), rest: Number(rest) }
}

function clockText(value: number, per: Fraction): string {
  const seconds = Math.floor(value / per)
  const fraction = value - seconds * per
  const [hour, minute, second] = [seconds / 3600, (seconds / 60) % 60, seconds % 60]
  const clock = `${two(hour)}:${two(minute)}:${two(second)}`
  if (fraction === 0) return clock
  return `${clock}.${String(fraction).padStart(String(per).length - 1, '0')}`
}

const two = (value: number): string => (value < 10 ? `0${value | 0}` : String(value | 0))

const daysIn400Years = 146_097
/** From 0000-03-01 to 1970-01-01. */
const daysTo1970 = 719_468

/** Years are counted from March, so that the day that is left out is the last one of a year. */
function dateOf(day: number): { date: string; isBefore: boolean } {
  const all = day + daysTo1970
  const era = Math.floor(all / daysIn400Years)
  const inEra = all - era * daysIn400Years
  const yearInEra = Math.floor(
    (inEra - Math.floor(inEra / 1460) + Math.floor(inEra / 36_524) - Math.floor(inEra / 146_096)) /
      365,
  )
  const inYear = inEra - (365 * yearInEra + Math.floor(yearInEra / 4) - Math.floor(yearInEra / 100))
  const fromMarch = Math.floor((5 * inYear + 2) / 153)
  const dayOfMonth = inYear - Math.floor((153 * fromMarch + 2) / 5) + 1
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9
  const year = yearInEra + 400 * era + (month <= 2 ? 1 : 0)
  const shown = String(year > 0 ? year : 1 - year).padStart(4, '0')
  return { date: `${shown}-${two(month)}-${two(dayOfMonth)}`, isBefore: year <= 0 }
}
