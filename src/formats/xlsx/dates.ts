/** Dates as a workbook stores them: days since its first one, with the time of day as a fraction. */
import type { Shows } from './numberFormat.ts'

/** A value that is no number and no text. */
export interface Timed {
  kind: 'date' | 'time' | 'timestamp'
  text: string
}

const dayMs = 86_400_000
/** 1899-12-30: so day 61 is the first of March 1900, as in Excel. */
const first1900 = Date.UTC(1899, 11, 30)
const first1904 = Date.UTC(1904, 0, 1)
/** 9999-12-31, the last date that Excel knows. */
const lastDay = { 1900: 2_958_465, 1904: 2_957_003 }

/**
 * Rounded to milliseconds, as Excel does it.
 * @returns null for a number that the format cannot show as a date or a time: it stays a number
 */
export function timedOf(stored: number, shown: Shows, system: 1900 | 1904): Timed | null {
  const ms = Math.round(stored * dayMs)
  const day = Math.floor(ms / dayMs)
  if (!(ms >= 0) || day > lastDay[system]) return null
  const rest = ms - day * dayMs
  if (shown.elapsed) return { kind: 'time', text: clockOf(ms) }
  if (day === 0 && !shown.date) return { kind: 'time', text: clockOf(rest) }
  // Day 0 of 1900 is shown as the date 1900-01-00, which is none.
  if (day === 0 && system === 1900) return shown.time ? { kind: 'time', text: clockOf(rest) } : null
  const date = dateOf(day, system)
  const isDate = !shown.time && rest === 0
  return isDate
    ? { kind: 'date', text: date }
    : { kind: 'timestamp', text: `${date} ${clockOf(rest)}` }
}

function dateOf(day: number, system: 1900 | 1904): string {
  // Excel has a 29th of February 1900, which never was: PostgreSQL refuses it.
  if (system === 1900 && day === 60) return '1900-02-29'
  const shift = system === 1900 && day < 60 ? 1 : 0
  const first = system === 1900 ? first1900 : first1904
  return new Date(first + (day + shift) * dayMs).toISOString().slice(0, 10)
}

const two = (number: number): string => String(number).padStart(2, '0')

/** `09:30:00`, with milliseconds if there are any; hours may be more than a day has. */
function clockOf(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  const fraction = ms % 1000
  const clock = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
  return clock.map(two).join(':') + (fraction > 0 ? `.${String(fraction).padStart(3, '0')}` : '')
}

const iso = /^(\d{4}-\d{2}-\d{2})?(?:T?(\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?))?$/

/** A cell that holds a date as ISO 8601 writes it. @returns null for another text */
export function isoTimed(text: string): Timed | null {
  const [, date, clock] = iso.exec(text) ?? []
  if (date && clock) return { kind: 'timestamp', text: `${date} ${clock}` }
  if (date) return { kind: 'date', text: date }
  return clock ? { kind: 'time', text: clock } : null
}
