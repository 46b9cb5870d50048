/** What rows and values that do not fit are likely to be, by their words alone. */

const total =
  /^[\s*=-]*(grand |sub-?)?(totals?|sums?|summe|gesamt(summe)?|insgesamt|zwischensumme|somme|totaux|totale|suma|soma|totaal|итого|всего|合计|合計)(?!\p{L})/iu

/** A value that opens a row of totals. */
export const isTotal = (value: string | null): boolean => value !== null && total.test(value)

/** Text below the last record: totals, or a single remark such as a source or a count of rows. */
export function isFooter(values: readonly (string | null)[]): boolean {
  const filled = values.filter((value) => value !== null && value.trim() !== '')
  if (filled.slice(0, 2).some(isTotal)) return true
  const [only = ''] = filled as string[]
  return filled.length === 1 && values[0] === only && /\p{L}{2}/u.test(only) && /[\s:)]/.test(only)
}

const unitWords = new Set(
  `kg g mg t lb lbs oz µg ug km m cm mm nm mi ft in yd s sec ms min h hr hrs d days years yrs a
   °c °f c k v mv w kw mw wh kwh mwh hz khz mhz pa hpa kpa mbar bar l ml hl pcs pc stk stück st
   eur usd gbp chf € $ £ % ‰ ppm ppb db deg rad mol n j kj cal kcal lux lm a ma ohm ω psi`.split(
    /\s+/,
  ),
)

/** `kg`, `(m)`, `[USD]`, `%`, `km/h`, `µg/m³`. */
export function isUnit(value: string | null): boolean {
  const text = (value ?? '').trim().toLowerCase()
  const inner = /^\((.{1,15})\)$|^\[(.{1,15})\]$/.exec(text)
  if (inner) return !/^[\d.,\s-]+$/.test(inner[1] ?? inner[2] ?? '')
  const parts = text.replace(/[²³]|\^?-?\d$/g, '').split(/[/·*]/)
  return (
    parts.length <= 3 && parts.every((part) => unitWords.has(part.replace(/[²³]|\^?-?\d$/, '')))
  )
}

/** A row of units has no number in it, and most of what it has are units. */
export function areUnits(values: readonly (string | null)[]): boolean {
  const filled = values.filter((value) => value !== null && value.trim() !== '') as string[]
  if (filled.length === 0 || filled.some((value) => /^\s*[-+]?[\d.,]+\s*$/.test(value)))
    return false
  return filled.filter(isUnit).length * 2 >= filled.length
}

const typeWord =
  /^(small|big|tiny|medium)?(int|integer)\d{0,2}$|^(text|string|str|char|n?varchar|character varying|float|double|double precision|real|decimal|numeric|number|date|datetime|time|timestamp|timestamptz|bool|boolean|uuid|guid|jsonb?|object|category|long|short|byte)\d{0,2}$/

/** `varchar(20)`, `INTEGER`, `datetime64[ns]`. */
export const isTypeWord = (value: string | null): boolean =>
  typeWord.test(
    (value ?? '')
      .trim()
      .toLowerCase()
      .slice(0, 40)
      .replace(/\s*[([].*$/, ''),
  )

/** A row that names the types of its columns, and nothing else. */
export function areTypes(values: readonly (string | null)[]): boolean {
  const filled = values.filter((value) => value !== null && value.trim() !== '')
  return filled.length > 0 && filled.every(isTypeWord)
}

/** `#2,b,3` may be a record that was taken out; behind the others a number may be a value. */
const comments: [mark: string, begins: RegExp][] = [
  ['#', /^#+\s*[\p{L}\p{N}"']/u],
  ['%', /^%+\s*\p{L}/u],
  ['!', /^!+\s*\p{L}/u],
  ['//', /^\/\/+\s*[\p{L}\p{N}"']/u],
  ['--', /^--+\s*\p{L}/u],
]

/** What makes a comment of a line, if it begins like one. */
export const commentMark = (raw: string): string | null =>
  comments.find(([, begins]) => begins.test(raw))?.[0] ?? null

const answers: [yes: string, no: string][] = [
  ['yes', 'no'],
  ['y', 'n'],
  ['ja', 'nein'],
  ['ja', 'nee'],
  ['ja', 'nej'],
  ['ja', 'nei'],
  ['j', 'n'],
  ['oui', 'non'],
  ['o', 'n'],
  ['sí', 'no'],
  ['si', 'no'],
  ['s', 'n'],
  ['sì', 'no'],
  ['sim', 'não'],
  ['tak', 'nie'],
  ['ano', 'ne'],
  ['igen', 'nem'],
  ['kyllä', 'ei'],
  ['evet', 'hayır'],
  ['да', 'нет'],
  ['wahr', 'falsch'],
  ['vrai', 'faux'],
  ['verdadero', 'falso'],
  ['vero', 'falso'],
  ['verdadeiro', 'falso'],
  ['waar', 'onwaar'],
  ['true', 'false'],
  ['enabled', 'disabled'],
  ['active', 'inactive'],
  ['aktiv', 'inaktiv'],
]

/**
 * The words for true and false that a column has, as they are written there; the other one of a
 * pair, if the column lacks it, in lower case.
 * @returns null when some word is not known
 */
export function answersIn(words: readonly string[]): { yes: string; no: string } | null {
  const byLower = new Map(words.map((word) => [word.trim().toLowerCase(), word.trim()]))
  const found = answers.find((pair) => [...byLower.keys()].every((word) => pair.includes(word)))
  if (!found || byLower.size === 0) return null
  const [yes, no] = found
  return { yes: byLower.get(yes) ?? yes, no: byLower.get(no) ?? no }
}
