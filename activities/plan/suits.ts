/** Whether the transform and the checks of a spec suit the rows of the files and the target. */
import type { Column } from '../../src/domain/columns.ts'
import { parseTableName, type TableName } from '../../src/domain/table.ts'
import { SluiceError, sluiceError } from '../../src/errors.ts'
import { dropRows } from '../../src/postgres/clientSql/query.ts'
import { defineRowQuery, type OutColumn } from '../../src/postgres/clientSql/rowQuery.ts'
import { type Connection, problemOf } from '../../src/postgres/db.ts'
import type { IngestEntry } from '../../src/postgres/ledger/ingests.ts'
import { checkScope } from '../../src/postgres/modes/scope.ts'
import { landingName, triedName } from '../../src/postgres/names.ts'
import { isOfSyntax, isRefusal } from '../../src/postgres/sqlState.ts'
import {
  createEmpty,
  createShaped,
  createTable,
  dropTable,
  insertShaped,
} from '../../src/postgres/target/landing.ts'
import type { TargetTable } from '../../src/postgres/target/targetTable.ts'
import type { FullTarget } from '../../src/spec/target.ts'
import { transformOf } from '../../src/spec/transform.ts'
import { mustBeCheckable } from '../publish/checks.ts'
import { storedColumns } from './keyed.ts'
import { mustTakeKeys } from './newTable.ts'

interface Suiting {
  ingestId: string
  entry: IngestEntry
  target: TargetTable | null
}

/**
 * Tries what the spec wants of the rows on none at all.
 * @param when.isFirst the landing table was made just now
 * @throws sql_refused, transform_invalid, check_invalid, key_invalid, valid_from_not_time
 */
export async function judgeSpec(
  tx: Connection,
  suiting: Suiting,
  { part, isFirst }: { part: string | undefined; isFirst: boolean },
): Promise<void> {
  if (part) return isFirst ? mayComeToSuit(tx, suiting) : undefined
  await mustSuit(tx, suiting)
  const { ingestId, entry, target } = suiting
  const into = entry.spec.target
  // The table of a plan that did not grow had all columns when it was made.
  if (target || !into || !entry.growing) return
  const table = parseTableName(into.table)
  await mustTakeKeys(tx, { ingestId, table, into }, entry.columns ?? [])
}

/** @throws sql_refused, transform_invalid, check_invalid, valid_from_not_time */
async function mustSuit(tx: Connection, suiting: Suiting): Promise<void> {
  const { ingestId, entry } = suiting
  const { target: into, expect: checks = [] } = entry.spec
  if (!into?.atomic) return
  const made = suiting.target ? [] : storedColumns(entry.columns ?? [], into)
  if (!suiting.target && into.scope !== undefined)
    await tryScope(tx, ingestId, { into, columns: made })
  const landing = landingName(ingestId, parseTableName(into.table))
  const rows = triedName(landing)
  const sql = transformOf(into)
  if (sql !== null) {
    const columns = await tryTransform(tx, sql, { ...suiting, landing, rows })
    await mustBeCheckable(tx, { ingestId, entry: { ...entry, columns, traced: false }, rows })
  } else {
    if (checks.length === 0) return
    await createEmpty(tx, rows, landing)
    await mustBeCheckable(tx, { ingestId, entry: { ...entry, traced: false }, rows })
  }
  await dropTable(tx, rows)
}

/**
 * The same where more files are to come: they may bring the columns that are missing, and other types
 * for those that are there. So only SQL that no file makes right is an error.
 * @throws sql_refused
 */
async function mayComeToSuit(tx: Connection, suiting: Suiting): Promise<void> {
  await tx.query('savepoint suits')
  try {
    await mustSuit(tx, suiting)
  } catch (error) {
    if (!(error instanceof SluiceError) || isOfAnyFile(error)) throw error
  } finally {
    await tx.query('rollback to savepoint suits; release savepoint suits')
  }
}

/** What PostgreSQL says of names and types is about the files so far. */
const isOfAnyFile = ({ code, cause }: SluiceError): boolean =>
  code === 'sql_refused' && (cause === undefined || isOfSyntax(cause))

/** A table that is there was asked itself. */
async function tryScope(
  tx: Connection,
  ingestId: string,
  { into, columns }: { into: FullTarget; columns: readonly Column[] },
): Promise<void> {
  const landing = landingName(ingestId, parseTableName(into.table))
  const table = triedName(landing)
  await createTable(tx, table, columns, { landing: false })
  const names = columns.map(({ name }) => name)
  await checkScope(tx, { table, only: true, columns: names, into })
  await dropTable(tx, table)
}

/** @returns the columns that it fills in `rows`, which it makes */
async function tryTransform(
  tx: Connection,
  sql: string,
  { entry, target, landing, rows }: Suiting & { landing: TableName; rows: TableName },
): Promise<Column[]> {
  const names = (entry.columns ?? []).map(({ name }) => name)
  const query = await defineRowQuery(tx, sql, { landing, columns: names })
  const table = entry.target ?? ''
  const refuse = (problem: string) => sluiceError('transform_invalid', { table, problem })
  const out = target ? takenBy(target, query.columns, refuse) : query.columns
  try {
    await createShaped(tx, rows, out, { row: query.row, unlogged: false })
    await insertShaped(tx, rows, query, { withRow: true, isTrial: true })
  } catch (error) {
    throw isRefusal(error) ? refuse(problemOf(error)) : error
  }
  await dropRows(tx)
  return out.map(({ name, type }) => ({ name, type }))
}

/** The columns of the target that the query fills. @throws what `refuse` makes of what does not fit */
export function takenBy(
  { columns }: TargetTable,
  out: readonly OutColumn[],
  refuse: (problem: string) => Error,
): TargetTable['columns'] {
  const there = new Map(columns.map((column) => [column.name, column]))
  const unknown = out.filter(({ name }) => !there.has(name)).map(({ name }) => name)
  if (unknown.length > 0) throw refuse(`the table has no column ${unknown.join(', ')}`)
  const taken = out.flatMap(({ name }) => there.get(name) ?? [])
  const made = taken.filter(({ generated }) => generated).map(({ name }) => name)
  if (made.length > 0) throw refuse(`the table computes ${made.join(', ')} itself`)
  const given = new Set(out.map(({ name }) => name))
  const missing = columns
    .filter(({ name, notNull, hasDefault, generated, identity }) => {
      return notNull && !hasDefault && !generated && !identity && !given.has(name)
    })
    .map(({ name }) => name)
  if (missing.length > 0) throw refuse(`it lacks ${missing.join(', ')} (not null, no default)`)
  return taken
}
