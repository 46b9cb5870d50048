/** Values in the terms of a file: numbers, booleans and dates that PostgreSQL would write otherwise. */

export interface Terms {
  /** In numbers: the decimal mark if it is no point, and what stands between thousands. */
  decimal?: ','
  thousands?: ',' | '.' | ' ' | "'" | '_'
  /** The order of day, month and year where they are numbers; ISO if absent. */
  dates?: 'DMY' | 'MDY' | 'YMD'
  /** More words for true and false than PostgreSQL has. */
  trueWords?: string[]
  falseWords?: string[]
}

/** A longer text is not taken for a number. */
const numberCharsMax = 400

const separators: Record<NonNullable<Terms['thousands']>, string> = {
  ',': ',',
  '.': '\\.',
  // A narrow or a plain no-break space is one too, and the typographic apostrophe.
  ' ': '[ \\u00a0\\u202f]',
  "'": "['\\u2019]",
  _: '_',
}

const numbers = new Map<string, RegExp>()

function numberForm({ decimal, thousands }: Terms): RegExp {
  const key = `${decimal}${thousands}`
  const known = numbers.get(key)
  if (known) return known
  const mark = decimal === ',' ? ',' : '\\.'
  const groups = thousands ? `\\d{1,3}(?:${separators[thousands]}\\d{3})+|` : ''
  const form = new RegExp(
    `^\\s*([-+]?)(?:(${groups}\\d+)(?:${mark}(\\d+))?|${mark}(\\d+))([eE][-+]?\\d{1,4})?\\s*$`,
  )
  numbers.set(key, form)
  return form
}

/** As PostgreSQL writes it; null when it has not the form of the terms. */
export function plainNumber(text: string, terms: Terms): string | null {
  if (text.length > numberCharsMax) return null
  const found = numberForm(terms).exec(text)
  if (!found) return null
  const [, sign, whole = '0', fraction, bare = fraction, exponent = ''] = found
  const digits = whole.replace(/\D/g, '')
  return `${sign === '-' ? '-' : ''}${digits}${bare === undefined ? '' : `.${bare}`}${exponent}`
}

/** Do numbers have to be written anew for PostgreSQL? */
export const changesNumbers = ({ decimal, thousands }: Terms): boolean =>
  decimal !== undefined || thousands !== undefined

/**
 * What PostgreSQL is given for a value of a number's column: what has not the form goes as it is,
 * and is refused there. But 1.500 where the comma is the decimal mark would be taken for 1.5.
 * @returns null when it must not be given
 */
export function numberText(text: string, terms: Terms): string | null {
  if (!changesNumbers(terms)) return text
  const plain = plainNumber(text, terms)
  return plain ?? (terms.decimal === ',' && text.includes('.') ? null : text)
}

/** What PostgreSQL takes for true and false by itself. */
const known = {
  true: ['t', 'tr', 'tru', 'true', 'y', 'ye', 'yes', 'on', '1'],
  false: ['f', 'fa', 'fal', 'fals', 'false', 'n', 'no', 'of', 'off', '0'],
}

/** Do booleans have to be written anew for PostgreSQL? */
export const changesBooleans = ({ trueWords = [], falseWords = [] }: Terms): boolean =>
  trueWords.some((word) => !known.true.includes(word.toLowerCase())) ||
  falseWords.some((word) => !known.false.includes(word.toLowerCase()))

/** What PostgreSQL is given for a value of a boolean column: `t`, `f`, or what is there. */
export function booleanText(text: string, terms: Terms): string {
  const word = text.trim().toLowerCase()
  const has = (words: string[] | undefined) => words?.some((each) => each.toLowerCase() === word)
  if (has(terms.trueWords)) return 't'
  return has(terms.falseWords) ? 'f' : text
}

const clock = '[ T]\\d{1,2}:\\d{2}(?::\\d{2}(?:\\.\\d{1,6})?)?(?: ?[AaPp][Mm])?'
const threeNumbers = '(\\d{1,4})([./-])(\\d{1,2})\\2(\\d{1,4})'
const someDate = new RegExp(`^${threeNumbers}(${clock})?$`)

/** The numbers of a date like 31.12.2024, in their order; null when it is none. */
export function dateParts(text: string): { parts: string[]; mark: string; timed: boolean } | null {
  const found = text.length <= 40 ? someDate.exec(text) : null
  if (!found) return null
  const [, first = '', mark = '', second = '', third = '', time] = found
  return { parts: [first, second, third], mark, timed: time !== undefined }
}

/**
 * Is it a date in the order that the terms have? The year has four digits, or all three have two.
 * @returns the type it looks like; null for none
 */
export function dateType(text: string, { dates }: Terms): 'date' | 'timestamp' | null {
  const found = dates ? dateParts(text) : null
  if (!found) return null
  const [first = '', second = '', third = ''] = found.parts
  const year = dates === 'YMD' ? first : third
  const other = dates === 'YMD' ? third : first
  const isLong = year.length === 4 && other.length <= 2
  const isShort = [first, second, third].every((part) => part.length === 2)
  if (!isLong && !isShort) return null
  return found.timed ? 'timestamp' : 'date'
}
