/** How files of fixed width are written. */
import { type Static, Type } from 'typebox'
import { type Options, objectOf, oneOf } from '../../domain/option.ts'
import { sharedOptions } from '../sharedOptions.ts'
import { valueOptions } from '../valueOptions.ts'
import type { FixedReading } from './reading.ts'

/** A name, and a width or the first and the last character. */
const column = Type.String({
  maxLength: 420,
  pattern: '^.{0,400}\\S.{0,400}:\\d{1,7}(-\\d{1,7})?$',
})

export const fixedOptions = {
  encoding: sharedOptions.encoding,
  widths: {
    schema: Type.Array(column, { minItems: 1, maxItems: 1600 }),
    about:
      'the columns: each a name with how many characters it has, or with its first and its last one, counted from 1',
    absent: 'an error that proposes some',
    must: 'names with widths or places, like id:6,name:20 or id:1-6,name:8-27',
    flag: { text: '--widths <columns>', shell: 'with commas', list: 'commas' },
    shown: {
      value: ({ names, places }: FixedReading) =>
        names.map((name, at) => `${name} ${placeOf(places[at])}`).join(', '),
      isSniffed: false,
    },
    example: '--widths id:6,name:20,amount:9',
  },
  trim: {
    schema: oneOf('both', 'left', 'right', 'none'),
    about: 'on which sides of a value blanks are dropped',
    absent: 'both',
    flag: { text: '--trim <sides>' },
    shown: {
      value: ({ trim }: FixedReading) => (trim === 'both' ? null : trim),
      isSniffed: false,
    },
    example: '--trim right',
  },
  skipRows: sharedOptions.skipRows,
  skipFooter: sharedOptions.skipFooter,
  ragged: valueOptions.ragged,
  null: valueOptions.null,
  decimal: valueOptions.decimal,
  thousands: valueOptions.thousands,
  dates: valueOptions.dates,
  true: valueOptions.true,
  false: valueOptions.false,
} satisfies Options

const placeOf = ([from, to]: readonly [number, number] = [0, 0]): string => `${from + 1}-${to}`

const schema = objectOf(fixedOptions)
/** What a spec says of how files of fixed width are written. */
export type FixedOptions = Static<typeof schema>
