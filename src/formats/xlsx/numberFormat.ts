/** Whether a number format shows a number as a date or as a time of day. */

export interface Shows {
  date: boolean
  time: boolean
  /** It counts hours, minutes or seconds on beyond a day: `[h]:mm`. */
  elapsed: boolean
}

const shows = (date: boolean, time: boolean, elapsed = false): Shows => ({ date, time, elapsed })

/** ECMA-376, part 1, 18.8.30; 27 to 36 and 50 to 58 are those of Chinese, Japanese and Korean. */
const builtIn: [from: number, to: number, Shows][] = [
  [14, 17, shows(true, false)],
  [18, 21, shows(false, true)],
  [22, 22, shows(true, true)],
  [27, 31, shows(true, false)],
  [32, 33, shows(false, true)],
  [34, 36, shows(true, false)],
  [45, 45, shows(false, true)],
  [46, 46, shows(false, true, true)],
  [47, 47, shows(false, true)],
  [50, 58, shows(true, false)],
]

/** The formats that need not be written down. @returns null for one that shows a number */
export const builtInFormat = (id: number): Shows | null =>
  builtIn.find(([from, to]) => id >= from && id <= to)?.[2] ?? null

/** A text in quotes, a character that is taken as it is, one that is a blank, one that fills up. */
const literal = /"[^"]*"?|\\.|_.|\*./gs
/** Colours, conditions and locales; `[h]`, `[mm]` and `[ss]` are none of them. */
const bracketed = /\[(?!h+\]|m+\]|s+\])[^\]]*\]/gi

/** @returns null for a format that shows a number */
export function formatOf(code: string): Shows | null {
  const [first = ''] = code.replace(literal, '').split(';')
  const plain = first.replace(bracketed, '').toLowerCase()
  if (/general|standard/.test(plain)) return null
  const letters = plain.replace(/e[-+]/g, '')
  const elapsed = /\[(h+|m+|s+)\]/.test(letters)
  const time = /[hs]|am\/pm|a\/p/.test(letters)
  const rest = letters.replace(/am\/pm|a\/p/g, '')
  // An m beside hours or seconds stands for minutes.
  const date = /[ydeb]|m{3}/.test(rest) || (rest.includes('m') && !time && !elapsed)
  return date || time || elapsed ? shows(date, time || elapsed, elapsed && !date) : null
}
