/** Which dates exist. PostgreSQL says that it refuses one, but not whether another order helps. */

export type DateOrder = 'YMD' | 'DMY' | 'MDY'

const yearFirst = /^\s*(\d{4})[./-](\d{1,2})[./-](\d{1,2})(?!\d)/
const yearLast = /^\s*(\d{1,2})[./-](\d{1,2})[./-](\d{2,4})(?!\d)/

/**
 * The orders in which a text is a date of the calendar: none for 31.02.2025. A time may follow.
 * @returns null for a text that is not three numbers
 */
export function dateOrdersOf(text: string): DateOrder[] | null {
  const [, ...early] = (yearFirst.exec(text) ?? []).map(Number)
  if (early.length > 0) {
    const [year = 0, month = 0, day = 0] = early
    return exists(year, month, day) ? ['YMD'] : []
  }
  const [, ...late] = (yearLast.exec(text) ?? []).map(Number)
  if (late.length === 0) return null
  const [first = 0, second = 0, year = 0] = late
  return [
    ...(exists(year, second, first) ? (['DMY'] as const) : []),
    ...(exists(year, first, second) ? (['MDY'] as const) : []),
  ]
}

/** Years of two digits are read as of this century, which decides whether there is a 29 February. */
function exists(year: number, month: number, day: number): boolean {
  const date = new Date(Date.UTC(year < 100 ? 2000 + year : year, month - 1, day))
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day
}
