/** The target of a spec: the table, and what becomes of it. */
import { type Static, Type } from 'typebox'
import { type Filled, filled, type Options, objectOf, oneOf } from '../domain/option.ts'
import { columnOptions } from './columns.ts'
import { modeOptions } from './modes.ts'
import { transformOptions } from './transform.ts'
import { undoOptions } from './undo.ts'

const tableOptions = {
  table: {
    schema: Type.String({ minLength: 1, maxLength: 260 }),
    about:
      'the target as `schema.table`, made if it does not exist; what PostgreSQL wants quoted is quoted. ' +
      'With `{name}` in it there is a table for each name of a file',
    isRequired: true,
    flag: {
      text: '--into <table>',
      shell: "several targets as 'GLOB=table', each for the files that match the glob",
      list: 'again',
    },
    example: '--into public.trips',
  },
} satisfies Options

/** What holds beside the mode. */
const publishOptions = {
  unique: {
    schema: oneOf('reject', 'skip', 'fail'),
    about:
      'what becomes of a row whose key the target or an earlier row has already: it is a ' +
      'reject, it is counted and left out, or nothing is published',
    absent: 'reject',
    flag: { text: '--unique <what>' },
    example: '--unique skip',
  },
  atomic: {
    schema: Type.Boolean(),
    about: 'whether all rows appear at once; if not, units are appended one by one, visible early',
    preset: true,
    flag: { text: '--no-atomic', shell: 'append unit by unit, visible early' },
    example: '--no-atomic',
  },
} satisfies Options

export const targetOptions = {
  ...tableOptions,
  ...modeOptions,
  ...publishOptions,
  ...columnOptions,
  ...transformOptions,
  ...undoOptions,
}

/** The options of a target by what they are about, for the help and the reference page. */
export const targetSections: Record<string, Options> = {
  'The target': tableOptions,
  'Rows that are there': { ...modeOptions, ...publishOptions },
  Columns: columnOptions,
  'Rows on their way': transformOptions,
  'Taking it back': undoOptions,
}

export const Target = objectOf(targetOptions)
export type Target = Static<typeof Target>
/** A target with every default filled in, as the ledger keeps it. */
export type FullTarget = Filled<typeof targetOptions, Target>

export const fullTarget = (target: Target): FullTarget => filled(targetOptions, target)
