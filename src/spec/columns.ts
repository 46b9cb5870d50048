/** The options that say which columns the table has, and what they are made of. */
import { Type } from 'typebox'
import { origins } from '../domain/mapping.ts'
import { type Options, oneOf } from '../domain/option.ts'
import { pairsOf } from './pairs.ts'

const columnName = Type.String({ minLength: 1, maxLength: 4000 })

export const columnOptions = {
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
  partitionBy: {
    schema: Type.String({ minLength: 1, maxLength: 4000 }),
    about:
      'how a new table is divided: `day(column)`, `month(column)` or `year(column)` of a date or a timestamp, ' +
      '`list(column)` for each of its values, or `hash(column, count)`',
    absent: 'a new table has no partitions',
    flag: { text: '--partition-by <how>' },
    example: "--partition-by 'month(day)'",
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
} satisfies Options
