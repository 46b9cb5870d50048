/** Options of how values of text are written, which several formats have. */
import { Type } from 'typebox'
import { type Options, oneOf, type Shown } from '../domain/option.ts'
import type { Terms } from '../domain/values.ts'
import { quotedText } from '../domain/visible.ts'

const nullText = Type.String({ maxLength: 64, pattern: '^[^\\x00\\r\\n]*$' })
const word = Type.String({ minLength: 1, maxLength: 64, pattern: '^[^\\x00\\r\\n]*$' })
const words = Type.Array(word, { minItems: 1, maxItems: 50 })

/** What a reading has of them. */
interface Values extends Terms {
  nullText: string
  nullWords?: string[]
  ragged?: string
}

const quoted = (text: string | undefined): string | null =>
  text === undefined ? null : quotedText(text)
const listed = (texts: readonly string[] | undefined): string | null =>
  texts === undefined ? null : texts.map(quotedText).join(', ')
const sniffed = (value: Shown<Values>['value'], what?: string): Shown<Values> => ({
  value,
  isSniffed: true,
  ...(what !== undefined && { what }),
})
const given = (value: Shown<Values>['value']): Shown<Values> => ({ value, isSniffed: false })

const oneOrAll = (values: unknown): unknown =>
  Array.isArray(values) && values.length === 1 ? values[0] : values

export const valueOptions = {
  ragged: {
    schema: oneOf('reject', 'pad', 'trim', 'fit'),
    about: 'records with too few fields: pad with NULL; too many: trim; both: fit',
    absent: 'reject',
    flag: { text: '--ragged <how>' },
    shown: given(({ ragged }) => ragged ?? null),
    example: '--ragged pad',
  },
  null: {
    schema: Type.Union([nullText, Type.Array(nullText, { minItems: 1, maxItems: 50 })]),
    about: 'an unquoted text that stands for NULL, or several',
    absent: 'the empty field, and words for NULL in columns that are otherwise of one type',
    flag: {
      text: '--null <text>',
      list: 'again',
      // One text is written as such: the same words are the same spec.
      settle: oneOrAll,
    },
    shown: given(({ nullText, nullWords = [] }) => listed([nullText, ...nullWords])),
    example: "--null NA --null ''",
  },
  decimal: {
    schema: oneOf('.', ','),
    about: 'the decimal mark of numbers',
    absent: 'sniffed in CSV; else a point',
    flag: { text: '--decimal <char>' },
    shown: sniffed(({ decimal }) => quoted(decimal), 'decimals'),
    example: '--decimal ,',
  },
  thousands: {
    schema: oneOf(',', '.', ' ', "'", '_'),
    about: 'what stands between the thousands of numbers',
    absent: 'sniffed in CSV; else nothing',
    flag: { text: '--thousands <char>' },
    shown: sniffed(({ thousands }) => quoted(thousands)),
    example: '--thousands .',
  },
  dates: {
    schema: oneOf('YMD', 'DMY', 'MDY'),
    about: 'the order of year, month and day in dates',
    absent: 'sniffed in CSV; else that of ISO 8601',
    flag: { text: '--dates <order>' },
    shown: sniffed(({ dates }) => dates ?? null),
    example: '--dates DMY',
  },
  true: {
    schema: words,
    about: 'a word for true in boolean columns, in any case',
    absent: 'those of PostgreSQL',
    flag: { text: '--true <word>', list: 'again' },
    shown: given(({ trueWords }) => listed(trueWords)),
    example: '--true ja',
  },
  false: {
    schema: words,
    about: 'a word for false in boolean columns, in any case',
    absent: 'those of PostgreSQL',
    flag: { text: '--false <word>', list: 'again' },
    shown: given(({ falseWords }) => listed(falseWords)),
    example: '--false nein',
  },
} satisfies Options
