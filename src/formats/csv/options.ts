/** How files are written, as far as the spec says it; the rest is sniffed. */
import { type Static, Type } from 'typebox'
import { type Options, objectOf, oneOf, type Shown } from '../../domain/option.ts'
import { quotedText } from '../../domain/visible.ts'
import { sharedOptions } from '../sharedOptions.ts'
import { valueOptions } from '../valueOptions.ts'
import type { Dialect } from './dialect.ts'
import { asciiChar, quoteChar, unescaped } from './flagTexts.ts'

const byte = Type.String({ minLength: 1, maxLength: 1, pattern: '^[\\x01-\\x7f]$' })
const quoted = (text: string | undefined): string | null =>
  text === undefined ? null : quotedText(text)
const sniffed = (value: Shown<Dialect>['value'], what?: string): Shown<Dialect> => ({
  value,
  isSniffed: true,
  ...(what !== undefined && { what }),
})
const given = (value: Shown<Dialect>['value'], what?: string): Shown<Dialect> => ({
  ...sniffed(value, what),
  isSniffed: false,
})

/** In the order of the help, of the dry run, and of the reference page. */
export const csvOptions = {
  encoding: sharedOptions.encoding,
  delimiter: {
    schema: Type.String({ minLength: 1, maxLength: 16, pattern: '^[^\\x00]+$' }),
    about: 'what stands between fields; one character or several',
    absent: 'sniffed',
    must: '1 to 16 characters',
    flag: { text: '--delimiter <text>', shell: '\\t is a tab, \\x01 a byte', read: unescaped },
    shown: sniffed(({ delimiter }) => quoted(delimiter)),
    example: "--delimiter ';'",
  },
  quote: {
    schema: Type.String({ maxLength: 1, pattern: '^[\\x01-\\x7f]?$' }),
    about: 'what stands around fields; the empty text when nothing is quoted',
    absent: 'sniffed',
    must: asciiChar,
    flag: { text: '--quote <char>', shell: 'the word none says so', read: quoteChar },
    shown: sniffed(({ quote }) => (quote === '' ? 'none' : quoted(quote))),
    example: '--quote none',
  },
  escape: {
    schema: byte,
    about: 'what stands before a quote within quotes',
    absent: 'sniffed; else the quote is doubled',
    must: asciiChar,
    flag: { text: '--escape <char>', read: unescaped },
    shown: sniffed(({ quote, escape }) =>
      quote === '' || escape === quote ? null : quoted(escape),
    ),
    example: "--escape '\\'",
  },
  skipRows: sharedOptions.skipRows,
  header: sharedOptions.header,
  columns: sharedOptions.columns,
  skipFooter: sharedOptions.skipFooter,
  comment: {
    schema: Type.String({ minLength: 1, maxLength: 16, pattern: '^[^\\x00\\r\\n]+$' }),
    about: 'a line that starts with it is no record; one character or several',
    absent: 'there are no comments',
    must: '1 to 16 characters',
    flag: { text: '--comment <text>', read: unescaped },
    shown: given(({ comment }) => (comment ? `after ${quoted(comment)}` : null), 'comments'),
    example: "--comment '#'",
  },
  ragged: valueOptions.ragged,
  repeatedHeaders: {
    schema: oneOf('load', 'reject'),
    about: 'a header that comes again among the records: a row like any other, or a reject',
    absent: 'load',
    flag: { text: '--repeated-headers <how>' },
    shown: given(
      ({ repeatedHeaders }) => (repeatedHeaders ? 'reject' : null),
      'headers that come again',
    ),
    example: '--repeated-headers reject',
  },
  null: valueOptions.null,
  decimal: valueOptions.decimal,
  thousands: valueOptions.thousands,
  dates: valueOptions.dates,
  true: valueOptions.true,
  false: valueOptions.false,
  unknownFiles: sharedOptions.unknownFiles,
} satisfies Options

const schema = objectOf(csvOptions)
/** What a spec says of how CSV is written. */
export type CsvOptions = Static<typeof schema>
