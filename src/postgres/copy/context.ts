/**
 * What PostgreSQL tells of where COPY was when it gave up: `COPY trips, line 7, column fare: "x"`.
 *
 * Names stand there as they are, without quotes, and may have commas, colons and quotes of their
 * own. So no pattern finds their end: they are looked for as the names that we know.
 */
import pg from 'pg'

/** The table as SQL names it, and its columns. */
interface Copying {
  table: string
  columns: readonly { name: string }[]
}

/** The number of the line, as COPY counts lines; null when it does not say. */
export function abortedAt(error: unknown, { table }: Copying): number | null {
  const context = contextOf(error, table)
  const found = context === null ? null : /^\d+/.exec(context)
  return found ? Number(found[0]) : null
}

/** The column that PostgreSQL names in an error, if it names one. */
export function columnOf(error: unknown, { table, columns }: Copying): string | null {
  if (!(error instanceof pg.DatabaseError)) return null
  if (error.column) return error.column
  // A rule of the table is broken by the row: the last column that COPY has read is not to blame.
  if (error.constraint && error.table) return null
  const found = /^\d+, column (.*)/s.exec(contextOf(error, table) ?? '')?.[1]
  if (found === undefined) return null
  return nameAtStart(`${found}\n`, new Set(columns.map(({ name }) => name)), columnEnds)
}

/** What stands behind the name of a column. */
const columnEnds = [': "', ': null input', '\n']

/** The longest identifier of PostgreSQL, in bytes (NAMEDATALEN - 1). */
const nameBytesMax = 63

/** The longest of the names that `text` begins with, one of `ends` following it. */
export function nameAtStart(
  text: string,
  names: { has(name: string): boolean },
  ends: readonly string[],
): string | null {
  for (let size = nameBytesMax; size > 0; size--) {
    const name = text.slice(0, size)
    if (names.has(name) && ends.some((end) => text.startsWith(end, size))) return name
  }
  return null
}

/**
 * What stands behind `COPY table, line `. The lines in front of it say what a trigger was at, and may
 * hold anything; so without a name that has several lines it must be the last one.
 */
function contextOf(error: unknown, table: string): string | null {
  if (!(error instanceof pg.DatabaseError) || !error.where) return null
  const start = `COPY ${bareName(table)}, line `
  if (error.where.startsWith(start)) return error.where.slice(start.length)
  const last = error.where.slice(error.where.lastIndexOf('\n') + 1)
  return last.startsWith(start) ? last.slice(start.length) : null
}

/** The last part of a name as SQL has it, without its quotes. */
function bareName(table: string): string {
  const [, quoted, plain = ''] = /(?:"((?:[^"]|"")*)"|([^".]*))$/.exec(table) ?? []
  return quoted === undefined ? plain : quoted.replaceAll('""', '"')
}
