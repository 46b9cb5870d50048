/** Table names as people write them: `trips`, `public.trips`, `"My Schema"."Trips"`. */
import { type SluiceError, sluiceError } from '../errors.ts'

export interface TableName {
  schema: string
  name: string
}

const bytesMax = 63
const plain = /^[\p{L}_][\p{L}\p{N}_$]*$/u

/**
 * Reads a name as PostgreSQL would: parts without quotes fold to lower case.
 * @throws table_name_invalid
 */
export function parseTableName(text: string): TableName {
  const refuse = (problem: string) => sluiceError('table_name_invalid', { table: text, problem })
  const parts: string[] = []
  let rest = text.trim()
  for (let more = true; more; ) {
    const { part, length } = firstPart(rest, refuse)
    parts.push(part)
    more = rest[length] === '.'
    if (!more && length < rest.length) throw refuse(`there is something behind ${part}`)
    rest = rest.slice(length + 1)
  }
  if (parts.length > 2) throw refuse('it has more than two parts')
  const [schema, name] = parts.length === 2 ? parts : ['public', parts[0]]
  return { schema: schema as string, name: name as string }
}

/**
 * Refuses what no rows may be brought into: the catalogs of PostgreSQL, where a row can make a
 * superuser, our own ledger, and landing tables. It looks at names as PostgreSQL will, so that no
 * way of writing one gets around it.
 * @throws target_reserved
 */
export function mustBeAllowed(table: TableName): void {
  const schema = table.schema.toLowerCase()
  const refuse = (problem: string) =>
    sluiceError('target_reserved', { table: showTable(table), problem })
  if (schema.startsWith('pg_') || schema === 'information_schema') {
    throw refuse(`the schema ${table.schema} is of PostgreSQL itself`)
  }
  if (schema.startsWith('sluice')) throw refuse(`schemas like ${table.schema} are for the ledger`)
  if (/^sluice_landing_/i.test(table.name)) throw refuse('such names are for landing tables')
}

/** One part, quoted or plain, and how many characters of the text it takes. */
function firstPart(
  text: string,
  refuse: (problem: string) => SluiceError,
): { part: string; length: number } {
  const quoted = /^"((?:[^"]|"")*)"/.exec(text)
  const written = quoted?.[0] ?? (/^[^."]*/.exec(text) as RegExpExecArray)[0]
  if (!quoted && !plain.test(written)) {
    throw refuse(written ? `${JSON.stringify(written)} needs double quotes` : 'a part is empty')
  }
  const part = quoted ? (quoted[1] as string).replaceAll('""', '"') : written.toLowerCase()
  if (part === '' || part.includes('\0') || bytes(part) > bytesMax) {
    throw refuse('a part is empty, longer than 63 bytes, or has a NUL')
  }
  return { part, length: written.length }
}

/** For SQL: every part in double quotes. */
export const quoteTable = ({ schema, name }: TableName): string =>
  `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`

/**
 * For SQL: a table as what its rows are read from or written to, without those of tables that inherit
 * from it. Those of a partitioned table are in its partitions, which `only` would leave out.
 */
export const ownRows = (table: TableName, isPartitioned: boolean): string =>
  `${isPartitioned ? '' : 'only '}${quoteTable(table)}`

/** For SQL: one identifier in double quotes. */
export const quoteIdentifier = (name: string): string => `"${name.replaceAll('"', '""')}"`

/** For people: quotes only where they are needed. */
export const showTable = ({ schema, name }: TableName): string =>
  [schema, name]
    .map((part) => (/^[a-z_][a-z0-9_$]*$/.test(part) ? part : quoteIdentifier(part)))
    .join('.')

/** For SQL: whether two rows have the same values in these columns, like `t."a" = l."a" and t."b" = l."b"`. */
export const sameIn = (names: readonly string[], one: string, other: string): string =>
  names
    .map(quoteIdentifier)
    .map((name) => `${one}.${name} = ${other}.${name}`)
    .join(' and ')

const bytes = (text: string): number => new TextEncoder().encode(text).length
