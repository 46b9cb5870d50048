/** Columns: names from a header, which target column takes which field, types from a sample. */
import {
  changesNumbers,
  dateParts,
  dateType,
  isBooleanWord,
  numberText,
  type Terms,
} from './values.ts'

/** A column of a table. */
export interface Column {
  name: string
  /** As PostgreSQL's `format_type` writes it. */
  type: string
  /** The type comes from a sample, and may widen when later values do not fit: domain/widen.ts. */
  sampled?: boolean
  /** The target does not have it yet: publish adds it. */
  added?: boolean
}

/** A column of an existing table, with what decides whether a file may leave it out. */
export interface TargetColumn extends Column {
  notNull: boolean
  /** It has a default, or is an identity column. */
  hasDefault: boolean
  /** Nobody may write it. */
  generated: boolean
  identity: boolean
}

/** The types a column of a new table can get; text takes what fits none of the others. */
export const sampleTypes = [
  'boolean',
  'bigint',
  'numeric',
  'double precision',
  'date',
  'timestamp',
  'timestamptz',
  'uuid',
  'jsonb',
] as const
export type SampleType = (typeof sampleTypes)[number]

const date = '\\d{4}-\\d{2}-\\d{2}'
const time = '\\d{2}:\\d{2}(:\\d{2}(\\.\\d{1,6})?)?'

/**
 * What a value must look like to be taken for a type, so that nothing is lost by it: PostgreSQL
 * reads 007 as the bigint 7 and `today` as a date. Whether it *is* one, PostgreSQL judges.
 */
const looks: Record<SampleType, RegExp> = {
  boolean: /^(true|false|t|f)$/i,
  bigint: /^-?(0|[1-9]\d{0,18})$/,
  numeric: /^-?(0|[1-9]\d*)(\.\d+)?$/,
  'double precision': /^(-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d{1,3})?|NaN|-?Infinity)$/,
  date: new RegExp(`^${date}$`),
  timestamp: new RegExp(`^${date}[ T]${time}$`),
  timestamptz: new RegExp(`^${date}[ T]${time} ?(Z|[+-]\\d{2}(:?\\d{2})?)$`),
  uuid: /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i,
  jsonb: /^\s*[[{]/,
}

/** In whatever terms: `1 234,50`, `31.12.2024`. */
const someNumber = /^[-+]?\d[\d.,'_\u00a0\u202f\u2019 ]*$/

/** Does this look like a value rather than a column's name? */
export const looksLikeValue = (text: string): boolean =>
  text.length > 1
    ? sampleTypes.some((type) => looks[type].test(text)) ||
      (text.length < 100 && someNumber.test(text)) ||
      dateParts(text) !== null
    : /\d/.test(text)

/**
 * The types that every value looks like, narrowest first; none for a column without values.
 * @param terms how the dialect writes numbers, booleans and dates
 */
export function candidateTypes(values: readonly string[], terms: Terms = {}): SampleType[] {
  if (values.length === 0) return []
  const hasWords = Boolean(terms.trueWords ?? terms.falseWords)
  return sampleTypes
    .filter((type) => values.every((value) => isLike(type, value, terms)))
    .filter((type) => type !== 'boolean' || hasWords || !isCode(values))
}

function isLike(type: SampleType, value: string, terms: Terms): boolean {
  if (type === 'boolean') return looks.boolean.test(value) || isBooleanWord(value, terms)
  if (type === 'date' || type === 'timestamp') {
    return looks[type].test(value) || dateType(value, terms) === type
  }
  if (!changesNumbers(terms) || !isNumberType(type)) return looks[type].test(value)
  const text = numberText(value, terms)
  return text !== null && looks[type].test(text)
}

/** Types whose values are numbers to the dialect; a domain over one is not. */
export const isNumberType = (type: string): boolean =>
  /^(smallint|integer|bigint|numeric|real|double precision)/.test(type)

/** Types for which an empty text is a value. */
export const isTextType = (type: string): boolean =>
  /^(text|character|citext|name|"char"|bytea|xml)/.test(type)

/** A column that holds `t` alone is a code as likely as it is a boolean. */
function isCode(values: readonly string[]): boolean {
  const letters = new Set(values.map((value) => value.toLowerCase()))
  return letters.has('t') !== letters.has('f')
}

const nameBytesMax = 63

/**
 * Names for the columns of a new table: lower case, words joined by `_`, at most 63 bytes, each
 * different; `column_3` where the header has none.
 */
export function columnNames(header: readonly (string | null)[]): string[] {
  const taken = new Set<string>()
  return header.map((name, index) => {
    const plain = plainName(name ?? '') || `column_${index + 1}`
    const unique = uniqueName(plain, taken)
    taken.add(unique)
    return unique
  })
}

function uniqueName(plain: string, taken: ReadonlySet<string>): string {
  let unique = cutBytes(plain, nameBytesMax)
  for (let again = 2; taken.has(unique); again++) {
    unique = `${cutBytes(plain, nameBytesMax - String(again).length - 1)}_${again}`
  }
  return unique
}

const plainName = (name: string): string =>
  name
    .normalize('NFC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '_')
    .replace(/^_+|_+$/g, '')

function cutBytes(text: string, bytes: number): string {
  let cut = text
  while (new TextEncoder().encode(cut).length > bytes) cut = [...cut].slice(0, -1).join('')
  return cut
}

export interface Match {
  /** The column for each field, in the file's order. */
  columns: string[]
  /** Header names that the table does not have, or lets nobody write. */
  unknown: string[]
  /** Columns that need a value and get none. */
  missing: string[]
}

/** Finds the column of each header name: as written, then whatever the case, then word by word. */
export function matchColumns(
  header: readonly (string | null)[],
  table: readonly TargetColumn[],
): Match {
  const writable = table.filter((column) => !column.generated)
  const unknown: string[] = []
  const used = new Set<string>()
  const columns = header.map((name, index) => {
    const wanted = (name ?? '').trim()
    const found = findColumn(wanted, writable, used)
    if (!found) {
      unknown.push(nameOfUnknown(wanted, index, header))
      return ''
    }
    used.add(found)
    return found
  })
  const missing = writable
    .filter((column) => column.notNull && !column.hasDefault && !used.has(column.name))
    .map((column) => column.name)
  return { columns, unknown, missing }
}

/** What is wrong with a name that fits no column. */
function nameOfUnknown(wanted: string, index: number, header: readonly (string | null)[]): string {
  if (wanted === '') return `(field ${index + 1} has no name)`
  const same = (name: string | null) => (name ?? '').trim().toLowerCase() === wanted.toLowerCase()
  const shown = wanted.length > 80 ? `${wanted.slice(0, 80)}…` : wanted
  return header.slice(0, index).some(same) ? `${shown} (field ${index + 1}, a second time)` : shown
}

/**
 * Names for header names that the table does not have, each different from its own.
 * @returns none for a field without a name
 */
export function addedNames(
  unknown: readonly (string | null)[],
  taken: readonly string[],
): (string | null)[] {
  const all = new Set(taken)
  return unknown.map((name) => {
    const plain = plainName(name ?? '')
    if (!plain) return null
    const unique = uniqueName(plain, all)
    all.add(unique)
    return unique
  })
}

function findColumn(
  wanted: string,
  table: readonly TargetColumn[],
  used: ReadonlySet<string>,
): string | null {
  const same = [
    (name: string) => name === wanted,
    (name: string) => name.toLowerCase() === wanted.toLowerCase(),
    (name: string) => plainName(name) === plainName(wanted),
  ]
  if (wanted === '') return null
  for (const is of same) {
    const found = table.find((column) => !used.has(column.name) && is(column.name))
    if (found) return found.name
  }
  return null
}
