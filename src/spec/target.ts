/** The target of a spec: the table, and what becomes of it. */
import { type Static, Type } from 'typebox'
import { origins } from '../domain/mapping.ts'
import { type Filled, filled, type Options, objectOf, oneOf } from '../domain/option.ts'
import { modeOptions } from './modes.ts'
import { pairsOf } from './pairs.ts'

const columnName = Type.String({ minLength: 1, maxLength: 4000 })

export const targetOptions = {
  table: {
    schema: Type.String({ minLength: 1, maxLength: 260 }),
    about:
      'the target as `schema.table`, made if it does not exist; what PostgreSQL wants quoted is quoted',
    isRequired: true,
    flag: { text: '--into <table>' },
    example: '--into public.trips',
  },
  ...modeOptions,
  types: {
    schema: oneOf('sample', 'text'),
    about: 'column types of a new table: guessed from all values, or all text',
    preset: 'sample',
    flag: { text: '--types <types>' },
    example: '--types text',
  },
  columns: {
    schema: pairsOf('A type, as PostgreSQL writes it.'),
    about:
      'columns with the types that they shall have, as PostgreSQL writes them, with `not null` and ' +
      '`default 0` where they are wanted; values that do not fit are rejects',
    absent: 'types are found as `types` says',
    flag: { text: '--column <name=type>', list: 'pairs' },
    example: "--column 'amount=numeric(12,2) not null'",
  },
  schema: {
    schema: oneOf('evolve', 'freeze'),
    about:
      'evolve: a column of a new table is text when any value asks for it, and new columns of ' +
      'later files are added; freeze: a few odd values are rejects, and new columns fail',
    absent: 'a new table evolves, an existing one gets no columns',
    flag: { text: '--schema <how>' },
    example: '--schema freeze',
  },
  names: {
    schema: oneOf('words', 'as-is'),
    about:
      'names of new columns: words in lower case joined by `_`, like order_id, or as the header ' +
      'writes them, like "Order ID", which have to be quoted',
    absent: 'words',
    flag: { text: '--names <how>' },
    example: '--names as-is',
  },
  hivePartitioning: {
    schema: Type.Boolean(),
    about:
      'the parts of a path like `year=2026/month=11/` are columns, with the values of the path in ' +
      'all records of the file',
    absent: 'parts of paths are only names',
    flag: { text: '--hive-partitioning' },
    example: '--hive-partitioning',
  },
  select: {
    schema: Type.String({ minLength: 1, maxLength: 100_000 }),
    about:
      'what the columns of the table are made of, with the columns of the files: a list of ' +
      'expressions, or one SELECT from `rows`',
    absent: 'the columns of the files',
    flag: { text: '--select <sql>' },
    example: "--select 'id, upper(name) as name, amount * 100 as cents'",
  },
  where: {
    schema: Type.String({ minLength: 1, maxLength: 100_000 }),
    about:
      'a condition on the columns of the files: other rows are left out, and counted as filtered',
    absent: 'all rows are taken',
    flag: { text: '--where <sql>' },
    example: "--where 'amount > 0'",
  },
  primaryKey: {
    schema: Type.Array(columnName, { minItems: 1, maxItems: 32 }),
    about:
      'columns that are the primary key of a new table; a row without a value, or with a key that ' +
      'an earlier row has, is a reject, as `unique` says',
    absent: 'a new table has none',
    flag: { text: '--primary-key <columns>', shell: 'with commas', list: 'commas' },
    example: '--primary-key id',
  },
  indexes: {
    schema: Type.Array(Type.Array(columnName, { minItems: 1, maxItems: 32 }), {
      minItems: 1,
      maxItems: 64,
    }),
    about: 'the columns of each index of a new table; it is built once, when all rows are there',
    absent: 'a new table has none',
    flag: {
      text: '--index <columns>',
      shell: 'with commas',
      list: 'again',
      read: (text) => text.split(',').map((name) => name.trim()),
    },
    example: '--index region,day',
  },
  rename: {
    schema: pairsOf('The name of a column.'),
    about:
      'fields by the names that they have in the files, with the names that their columns shall ' +
      'have, letter for letter',
    absent: 'as `names` says',
    flag: { text: '--rename <field=column>', list: 'pairs' },
    example: "--rename 'Old name=new_name'",
  },
  drop: {
    schema: Type.Array(Type.String({ minLength: 1, maxLength: 4000 }), {
      minItems: 1,
      maxItems: 1600,
    }),
    about: 'fields that are left out, by their names in the files; they are told with the result',
    absent: 'none',
    flag: { text: '--drop <field>', list: 'again' },
    example: '--drop comment',
  },
  set: {
    schema: pairsOf('The value in all rows.'),
    about: 'columns that no file has, with the value that they have in all rows',
    absent: 'none',
    flag: { text: '--set <column=value>', list: 'pairs' },
    example: '--set source=crm',
  },
  add: {
    schema: Type.Array(oneOf(...origins), { minItems: 1, uniqueItems: true }),
    about:
      'columns that say where a row came from: its file, its line there (or row, or element), the ' +
      'id of the ingest, the time at which it was loaded',
    absent: 'none',
    flag: { text: '--add <columns>', shell: '_file,_line,_ingest,_loaded_at', list: 'commas' },
    example: '--add _file,_line',
  },
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
  undo: {
    schema: Type.Boolean(),
    about: 'whether the ledger keeps what `sluice undo` needs to take the ingest back',
    absent: 'it cannot be taken back',
    flag: { text: '--undo' },
    example: '--undo',
  },
  keep: {
    schema: Type.String({ pattern: '^[1-9]\\d{0,3}[hd]$' }),
    about: 'with undo: for how long after its rows are published, in hours or days',
    absent: '7d',
    must: 'hours or days, like 12h or 7d',
    flag: { text: '--keep <time>' },
    example: '--keep 30d',
  },
} satisfies Options

export const Target = objectOf(targetOptions)
export type Target = Static<typeof Target>
/** A target with every default filled in, as the ledger keeps it. */
export type FullTarget = Filled<typeof targetOptions, Target>

export const fullTarget = (target: Target): FullTarget => filled(targetOptions, target)
