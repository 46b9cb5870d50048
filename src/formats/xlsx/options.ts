/** What a spec says of a workbook, and of how its sheets are read. */
import { type Static, Type } from 'typebox'
import { type Options, objectOf, oneOf } from '../../domain/option.ts'
import { sharedOptions } from '../sharedOptions.ts'
import type { XlsxReading } from './reading.ts'

export const xlsxOptions = {
  sheet: {
    schema: Type.String({ minLength: 1, maxLength: 400 }),
    about: 'the one sheet of each workbook that is read, by its name or its number',
    absent: 'all sheets',
    flag: { text: '--sheet <name>' },
    shown: { value: ({ sheet }: XlsxReading) => sheet ?? null, isSniffed: true },
    example: '--sheet Orders',
  },
  range: {
    schema: Type.String({
      pattern: '^\\$?[A-Za-z]{1,3}(\\$?\\d{1,7})?(:\\$?[A-Za-z]{1,3}(\\$?\\d{1,7})?)?$',
    }),
    about: 'the cells that are read, header included',
    absent: 'all cells',
    must: 'a range like A1:D99 or A:D',
    flag: { text: '--range <cells>' },
    example: '--range B3:F99',
  },
  errorCells: {
    schema: oneOf('reject', 'null'),
    about: 'a cell with an error, like #N/A: its row is a reject, or the cell is NULL',
    absent: 'reject',
    flag: { text: '--error-cells <how>' },
    example: '--error-cells null',
  },
  skipRows: sharedOptions.skipRows,
  header: sharedOptions.header,
  columns: sharedOptions.columns,
  skipFooter: sharedOptions.skipFooter,
  unknownFiles: sharedOptions.unknownFiles,
} satisfies Options

const schema = objectOf(xlsxOptions)
export type XlsxOptions = Static<typeof schema>
