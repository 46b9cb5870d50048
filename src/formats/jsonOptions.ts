/** Options of formats whose records are objects. */
import { Type } from 'typebox'
import type { Options } from '../domain/option.ts'
import type { FormatOptions } from './format.ts'
import type { JsonReading } from './jsonFields.ts'
import { sharedOptions } from './sharedOptions.ts'

export interface JsonOptions extends FormatOptions {
  flatten?: number
}

/** What the options say of a file. */
export const readingOf = ({ flatten }: JsonOptions): Pick<JsonReading, 'keys' | 'flatten'> => ({
  keys: [],
  ...(flatten !== undefined && { flatten }),
})

export const jsonOptions = {
  encoding: sharedOptions.encoding,
  flatten: {
    schema: Type.Integer({ minimum: 1, maximum: 20 }),
    about:
      'how deep objects within a record become columns of their own, as `a_b` for the key b of the object a',
    absent: 'they are values of jsonb',
    flag: { text: '--flatten <depth>' },
    shown: { value: ({ flatten }: JsonReading) => flatten?.toString() ?? null, isSniffed: false },
    example: '--flatten 1',
  },
  unknownFiles: sharedOptions.unknownFiles,
} satisfies Options
