/** Types that the schemas of files declare: one for a column that several files have. */

const whole = ['smallint', 'integer', 'bigint']
const floats = ['real', 'double precision']

/** The narrowest type that takes the values of both as they are; text where there is none. */
export function commonType(one: string, other: string): string {
  if (one === other) return one
  const [a, b] = [one, other].map((type) => ({ type, digits: digitsOf(type) })) as [Part, Part]
  const isIn = (types: readonly string[]) => types.includes(one) && types.includes(other)
  if (isIn(whole)) return wider(whole, one, other)
  if (isIn(floats)) return wider(floats, one, other)
  if (isIn(['date', 'timestamp'])) return 'timestamp'
  if (a.digits && b.digits) return numericOf(a.digits, b.digits)
  return isNumber(a) && isNumber(b) ? 'numeric' : 'text'
}

interface Digits {
  before: number
  behind: number
}

interface Part {
  type: string
  digits: Digits | null
}

const isNumber = ({ type, digits }: Part): boolean =>
  digits !== null || floats.includes(type) || type === 'numeric'

const wider = (types: readonly string[], one: string, other: string): string =>
  types[Math.max(types.indexOf(one), types.indexOf(other))] as string

/** How many digits a number of the type has in front of the point and behind it. */
function digitsOf(type: string): Digits | null {
  const at = whole.indexOf(type)
  if (at >= 0) return { before: [5, 10, 19][at] as number, behind: 0 }
  const [, precision, scale] = /^numeric\((\d+),(\d+)\)$/.exec(type) ?? []
  if (precision === undefined) return null
  return { before: Number(precision) - Number(scale), behind: Number(scale) }
}

function numericOf(one: Digits, other: Digits): string {
  const behind = Math.max(one.behind, other.behind)
  return `numeric(${Math.max(one.before, other.before) + behind},${behind})`
}
