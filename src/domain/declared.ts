/**
 * Columns that a spec declares: `numeric(12,2) not null default 0`. What a type is PostgreSQL decides;
 * here is only what stands behind it, and a default is one value or one of a few functions, never an
 * expression: it becomes part of a statement.
 */

import { sluiceError } from '../errors.ts'
import type { Column } from './columns.ts'
import { findColumns } from './names.ts'

/** A column as a spec has it. */
export interface Declared {
  name: string
  /** As it is written, for PostgreSQL to read: see postgres/target/declared.ts. */
  type: string
  notNull: boolean
  /** Null where none is declared. */
  default: DeclaredDefault | null
}

/** A value as text, `null` for NULL; or a function, as SQL. */
export type DeclaredDefault = { value: string | null } | { call: string }

const calls = ['now()', 'current_timestamp', 'current_date', 'gen_random_uuid()']

const notNull = /(?:^|\s+)not\s+null$/i
const literal = /\s+default\s+('(?:[^']|'')*'|[-+]?\d+(?:\.\d+)?|[a-z_]+(?:\(\))?)$/i

/** @returns what is wrong with it, as the rest of a sentence, where it cannot be read */
export function parseDeclared(name: string, text: string): Declared | string {
  const found: Declared = { name, type: text.trim(), notNull: false, default: null }
  for (;;) {
    if (!found.notNull && notNull.test(found.type)) {
      found.type = found.type.replace(notNull, '').trim()
      found.notNull = true
      continue
    }
    const [whole, written] = literal.exec(found.type) ?? []
    if (whole === undefined || written === undefined || found.default) break
    const meant = defaultOf(written)
    if (meant === null) return `${written} is no value, and none of ${calls.join(', ')}`
    found.default = meant
    found.type = found.type.slice(0, -whole.length).trim()
  }
  if (found.type === '') return 'there is no type'
  if (/\sdefault\s/i.test(found.type)) {
    return `a default is a value like 0 or 'new', or one of ${calls.join(', ')}`
  }
  return found
}

function defaultOf(written: string): DeclaredDefault | null {
  const word = written.toLowerCase()
  if (word === 'null') return { value: null }
  if (calls.includes(word)) return { call: word }
  if (written.startsWith("'")) return { value: written.slice(1, -1).replaceAll("''", "'") }
  return word === 'true' || word === 'false' || /^[-+]?\d/.test(word) ? { value: word } : null
}

/** The same, as PostgreSQL reads it: its type is as `format_type` writes it. */
export interface DeclaredColumn extends Column {
  notNull: boolean
  /** As the spec has it. */
  isWritten: string
}

const namesMax = 20

export interface PlacedColumns {
  /** By the names that they have in the table. */
  known: ReadonlyMap<string, Column>
  /** Those that no file fills: their default is in all rows. */
  others: Column[]
}

/**
 * @param names of the columns that the files bring
 * @param isPart of which there are more
 * @throws declared_column_missing for one that no file has, unless a default says what is in it
 */
export function placeDeclared(
  declared: readonly DeclaredColumn[],
  names: readonly string[],
  { isPart = false }: { isPart?: boolean } = {},
): PlacedColumns {
  const found = findColumns(
    declared.map(({ name }) => name),
    names,
  )
  const known = new Map<string, Column>()
  const others: Column[] = []
  const missing: string[] = []
  for (const [at, { isWritten: _, notNull, ...column }] of declared.entries()) {
    const name = found[at] || column.name
    const placed = { ...column, name, ...(notNull && { notNull }) }
    if (found[at]) known.set(name, placed)
    else if (column.default) others.push(placed)
    else missing.push(column.name)
  }
  if (missing.length > 0 && !isPart) {
    throw sluiceError('declared_column_missing', {
      columns: missing.slice(0, namesMax).join(', '),
      known: names.slice(0, namesMax).join(', ') + (names.length > namesMax ? ', …' : ''),
    })
  }
  return { known, others }
}
