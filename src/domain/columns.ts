/** Columns of a table, and their types. */
import type { Guess } from './types.ts'
import { dateParts } from './values.ts'

/** A column of a table. */
export interface Column {
  name: string
  /** As PostgreSQL's `format_type` writes it. */
  type: string
  /** Words that are NULL in it, as its values have shown: domain/types.ts. None if absent. */
  nullWords?: string[]
  /** The target does not have it yet: publish adds it. */
  added?: boolean
  /** It marks rows for the mode, and is not stored. */
  marker?: boolean
  /** The expression that gives a value where a row brings none; null or absent for NULL. */
  default?: string | null
  /** A row must bring a value, or there is a default. May be null if absent. */
  notNull?: boolean
}

/** A column of an existing table, with what decides whether a file may leave it out. */
export interface TargetColumn extends Column {
  notNull: boolean
  /** It has a default, or is an identity column. */
  hasDefault: boolean
  /** PostgreSQL computes it, and refuses values for it. */
  generated: boolean
  identity: boolean
  /** The mode fills it: no file has it, whether by its name or by its position. */
  kept?: boolean
}

const date = '\\d{4}-\\d{2}-\\d{2}'
const time = '\\d{2}:\\d{2}(:\\d{2}(\\.\\d{1,6})?)?'

/** What no column is called. */
const looks: RegExp[] = [
  /^(true|false|t|f)$/i,
  /^(-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d{1,3})?|NaN|-?Infinity)$/,
  new RegExp(`^${date}([ T]${time} ?(Z|[+-]\\d{2}(:?\\d{2})?)?)?$`),
  /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i,
  /^\s*[[{]/,
]

/** In whatever terms: `1 234,50`, `31.12.2024`. */
const someNumber = /^[-+]?\d[\d.,'_\u00a0\u202f\u2019 ]*$/

/** Does this look like a value rather than a column's name? */
export const looksLikeValue = (text: string): boolean =>
  text.length > 1
    ? looks.some((look) => look.test(text)) ||
      (text.length < 100 && someNumber.test(text)) ||
      dateParts(text) !== null
    : /\d/.test(text)

/** A column of a new table, with the type that was guessed for it. */
export const guessedColumn = ({ name, type, nullWords }: Guess & { name: string }): Column =>
  nullWords.length > 0
    ? { name, type, nullWords: nullWords.map(({ word }) => word) }
    : { name, type }

/** Types whose values are numbers in the terms of a file; a domain over one is not. */
export const isNumberType = (type: string): boolean =>
  /^(smallint|integer|bigint|numeric|real|double precision)/.test(type)

/** Types for which an empty text is a value. */
export const isTextType = (type: string): boolean =>
  /^(text|character|citext|name|"char"|bytea|xml)/.test(type)
