/**
 * Options that several formats have. One that is shared is one object: so it has one flag, which
 * says the same for all of them.
 */
import { Type } from 'typebox'
import { type Options, oneOf, type Shown } from '../domain/option.ts'

const encodingShown: Shown<{ encoding?: string }> = {
  value: ({ encoding = 'utf-8' }) => encoding,
  isSniffed: true,
}

const lines = Type.Integer({ minimum: 0, maximum: 1000 })

const count = (number: number, what: string): string =>
  `${number} ${what}${number === 1 ? '' : 's'}`

/** What files with a header may have in front of their data and behind it. */
interface Around {
  skipRows?: number
  header?: boolean
  headerRows?: number
  names?: string[]
  skipFooter?: number
}

const sniffed = (value: Shown<Around>['value'], what?: string): Shown<Around> => ({
  value,
  isSniffed: true,
  ...(what !== undefined && { what }),
})
const given = (value: Shown<Around>['value'], what?: string): Shown<Around> => ({
  ...sniffed(value, what),
  isSniffed: false,
})

export const sharedOptions = {
  encoding: {
    schema: Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._:-]{0,39}$' }),
    about: 'the encoding, like utf-16le, latin1 or windows-1252',
    absent: 'sniffed for each file',
    flag: { text: '--encoding <name>' },
    shown: encodingShown,
    example: '--encoding windows-1252',
  },
  skipRows: {
    schema: lines,
    about: 'lines in front of the header that are no data',
    absent: 'sniffed; none in fixed width',
    flag: { text: '--skip-rows <n>' },
    shown: sniffed(
      ({ skipRows = 0 }) => (skipRows > 0 ? `${count(skipRows, 'line')} in front` : null),
      'titles',
    ),
    example: '--skip-rows 3',
  },
  header: {
    schema: Type.Union([Type.Boolean(), Type.Integer({ minimum: 0, maximum: 10 })]),
    about: 'whether the first record names the columns, or how many records do',
    absent: 'sniffed',
    must: 'a whole number from 0 to 10: how many records the header has',
    flag: {
      text: '--header [n]',
      read: (text) => (/^\d+$/.test(text) ? Number(text) : text),
      // The word behind `--header` is its number, also when a file was meant.
      advice: (text) =>
        `If ${text} is a file, write it in front of --header, or --header=1 ${text}.`,
      no: { text: '--no-header', about: 'the first record is data' },
    },
    shown: sniffed(({ header, headerRows = 1 }) => {
      if (!header) return 'none'
      return headerRows === 1 ? 'the first record' : `the first ${headerRows} records`
    }),
    example: '--no-header',
  },
  columns: {
    schema: Type.Array(Type.String({ maxLength: 400 }), { minItems: 1, maxItems: 1600 }),
    about: 'names for the fields, in place of those in the file',
    absent: 'those of the header',
    flag: { text: '--columns <names>', shell: 'with commas', list: 'commas' },
    shown: given(({ names }) => (names ? count(names.length, 'name') : null), 'names'),
    example: '--columns id,name,price',
  },
  skipFooter: {
    schema: lines,
    about: 'records at the end of each file that are no data',
    absent: 'none',
    flag: { text: '--skip-footer <n>' },
    shown: given(
      ({ skipFooter = 0 }) => (skipFooter > 0 ? `${count(skipFooter, 'record')} at the end` : null),
      'footer',
    ),
    example: '--skip-footer 1',
  },
  unknownFiles: {
    schema: oneOf('fail', 'skip', 'position'),
    about:
      'a file whose header has no known name, or that has no header while others have one: ' +
      'it fails the ingest, is skipped, or is taken by position where it has no header',
    absent: 'fail',
    flag: { text: '--unknown-files <how>' },
    example: '--unknown-files skip',
  },
} satisfies Options
