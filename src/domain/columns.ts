/** Columns of a table, and the types that the values of a sample look like. */
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
  /** Unquoted, they are NULL in this column, beside those of the dialect. */
  nullWords?: string[]
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
