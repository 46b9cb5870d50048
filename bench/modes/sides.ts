/**
 * What people write by hand in place of a mode: psql scripts that copy a file into a staging table, and
 * move its rows by one statement, in one transaction.
 */
import { columnNames } from './data.ts'

/** Statements of one transaction; those that begin with a backslash are psql's own. */
type Script = (table: string, path: string) => string[]

const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`
const others = columnNames.filter((name) => name !== 'id')
const list = (names: readonly string[], prefix = '') =>
  names.map((name) => `${prefix}${name}`).join(', ')
const set = (from: string) => others.map((name) => `${name} = ${from}.${name}`).join(', ')
const differs = (from: string) => `(${list(others, 't.')}) is distinct from (${list(others, from)})`

const staged = (table: string, path: string): string[] => [
  `create temporary table staged (like ${table}) on commit drop`,
  `\\copy staged from ${quoted(path)} with (format csv, header)`,
  'analyze staged',
]

export const onConflict: Script = (table, path) => [
  ...staged(table, path),
  `insert into ${table} as t select * from staged
   on conflict (id) do update set ${set('excluded')} where ${differs('excluded.')}`,
]

export const mergeByHand: Script = (table, path) => [
  ...staged(table, path),
  `merge into ${table} t using staged s on t.id = s.id
   when matched and ${differs('s.')} then update set ${set('s')}
   when not matched then insert (${list(columnNames)}) values (${list(columnNames, 's.')})`,
]

/** Indexes are kept up while the rows come in, as without more thought. */
export const truncateAndCopy: Script = (table, path) => [
  `truncate ${table}`,
  `\\copy ${table} from ${quoted(path)} with (format csv, header)`,
]

/** psql's own commands end with their line. */
export const transaction = (statements: readonly string[]): string =>
  ['begin', ...statements, 'commit']
    .map((each) => each.replaceAll('\n', ' '))
    .map((each) => (each.startsWith('\\') ? each : `${each};`))
    .join('\n')
