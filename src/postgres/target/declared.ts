/**
 * Columns that a spec declares, as PostgreSQL reads them. It parses the types itself, as the names of
 * types and as nothing else, and gives them back as it writes them; only that gets into a statement.
 */
import pg from 'pg'
import { type Declared, type DeclaredColumn, parseDeclared } from '../../domain/declared.ts'
import { evolves } from '../../domain/layout.ts'
import { findColumns } from '../../domain/names.ts'
import { parseTableName, showTable, type TableName } from '../../domain/table.ts'
import { sluiceError } from '../../errors.ts'
import type { FullTarget } from '../../spec/target.ts'
import { type Connection, problemOf } from '../db.ts'
import { isOfStatement } from '../sqlState.ts'
import { mustHaveKeys } from './keys.ts'
import type { TargetTable } from './targetTable.ts'

/**
 * @param declared by the names of columns
 * @throws declared_type_invalid
 */
async function readDeclared(
  tx: Connection,
  declared: Readonly<Record<string, string>>,
): Promise<DeclaredColumn[]> {
  const columns: DeclaredColumn[] = []
  for (const [name, text] of Object.entries(declared)) columns.push(await readOne(tx, name, text))
  return columns
}

async function readOne(tx: Connection, name: string, text: string): Promise<DeclaredColumn> {
  const refuse = (problem: string, cause?: unknown) =>
    sluiceError('declared_type_invalid', { column: name, type: text, problem }, { cause })
  const parsed = parseDeclared(name, text)
  if (typeof parsed === 'string') throw refuse(parsed)
  const type = await asked(tx, refuse, () => typeOf(tx, parsed.type))
  if (type === null) throw refuse(`PostgreSQL knows no type ${parsed.type}`)
  const expression = defaultText(parsed)
  if (expression !== null) {
    await asked(tx, refuse, () => tx.query(`select ${expression}::${type}`))
  }
  const { notNull } = parsed
  return {
    name,
    type,
    notNull,
    ...(expression !== null && { default: expression }),
    isWritten: text,
  }
}

const defaultText = ({ default: meant }: Declared): string | null => {
  if (meant === null) return null
  if ('call' in meant) return meant.call
  return meant.value === null ? 'null' : pg.escapeLiteral(meant.value)
}

/** A pseudo-type is none that a column can have. */
async function typeOf(tx: Connection, type: string): Promise<string | null> {
  const { rows } = await tx.query<{ type: string }>(
    `select format_type(oid, to_regtypemod($1)) as type from pg_type
     where oid = to_regtype($1) and typtype <> 'p'`,
    [type],
  )
  return rows[0]?.type ?? null
}

/** A statement that fails must not be the end of the caller's transaction. */
async function asked<T>(
  tx: Connection,
  refuse: (problem: string, cause: unknown) => Error,
  ask: () => Promise<T>,
): Promise<T> {
  await tx.query('savepoint declared')
  try {
    const answer = await ask()
    await tx.query('release savepoint declared')
    return answer
  } catch (error) {
    if (!isOfStatement(error)) throw error
    await tx.query('rollback to savepoint declared')
    throw refuse(problemOf(error), error)
  }
}

/**
 * The columns that a spec declares for a target, or for the one that is to be made. A target that is
 * there must have the keys that the spec wants, too.
 * @returns those that the table does not have
 * @throws declared_type_invalid, shape_contradicted, key_invalid
 */
export async function shapeFor(
  tx: Connection,
  into: FullTarget,
  target: TargetTable | null,
): Promise<DeclaredColumn[]> {
  const { table, columns, schema } = into
  if (target) await mustHaveKeys(tx, into, target.columns)
  if (columns === undefined) return []
  const declared = await readDeclared(tx, columns)
  if (target === null) return declared
  const to = { table: parseTableName(table), isOpen: evolves(schema, true) }
  return mustBeAsDeclared(declared, target.columns, to)
}

/**
 * Holds what is declared against a table that is there.
 * @param isOpen whether the table gets columns that it does not have
 * @returns those that the table does not have
 * @throws shape_contradicted
 */
function mustBeAsDeclared(
  declared: readonly DeclaredColumn[],
  there: TargetTable['columns'],
  { table, isOpen }: { table: TableName; isOpen: boolean },
): DeclaredColumn[] {
  const refuse = (problem: string) =>
    sluiceError('shape_contradicted', { table: showTable(table), problem })
  const names = findColumns(
    declared.map(({ name }) => name),
    there.map(({ name }) => name),
  )
  const known = new Map(there.map((column) => [column.name, column]))
  return declared.filter((column, at) => {
    const is = known.get(names[at] as string)
    const problem = is ? differenceOf(column, is) : whyNotAdded(column, isOpen)
    if (problem !== null)
      throw refuse(`${column.name} is declared as ${column.isWritten}, and ${problem}`)
    return is === undefined
  })
}

function whyNotAdded({ notNull, default: value }: DeclaredColumn, isOpen: boolean): string | null {
  if (!isOpen) return 'it has no such column'
  return notNull && !value ? 'the rows that it has have no value for it' : null
}

function differenceOf(
  { type, notNull, default: value }: DeclaredColumn,
  is: TargetTable['columns'][number],
): string | null {
  const own = `${is.name} is ${is.type}${is.notNull ? ' not null' : ''} there`
  if (is.type !== type || (notNull && !is.notNull)) return own
  return value && value !== 'null' && !is.hasDefault ? `${own}, without a default` : null
}
