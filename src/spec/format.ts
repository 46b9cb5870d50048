/** The format of a spec: its kind, and how files of that kind are written. */
import type { Static } from 'typebox'
import { type Options, objectOf, oneOf } from '../domain/option.ts'
import { csvOptions } from '../formats/csv/options.ts'

export const formatOptions = {
  kind: {
    schema: oneOf('auto', 'csv'),
    about: 'the kind of the files; only CSV is read so far',
    absent: 'csv',
    example: '"csv"',
  },
  ...csvOptions,
} satisfies Options

export const Format = objectOf(formatOptions)
export type Format = Static<typeof Format>
