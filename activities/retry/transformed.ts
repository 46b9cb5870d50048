/**
 * Rejects through the transform of their ingest again. Each record becomes a row of a table for one row,
 * and that becomes a row of the target, or the record stays a reject.
 */
import type { Column } from '../../src/domain/columns.ts'
import { quoteIdentifier, quoteTable } from '../../src/domain/table.ts'
import { rejectReason } from '../../src/errors/rejects.ts'
import { dropRows } from '../../src/postgres/clientSql/query.ts'
import { defineRowQuery } from '../../src/postgres/clientSql/rowQuery.ts'
import { type Connection, refusalOf } from '../../src/postgres/db.ts'
import type { RefusedAgain } from '../../src/postgres/ledger/openRejects.ts'
import { rowColumn } from '../../src/postgres/names.ts'
import { isAboutRow } from '../../src/postgres/sqlState.ts'
import { createShaped, dropTable } from '../../src/postgres/target/landing.ts'
import type { TargetTable } from '../../src/postgres/target/targetTable.ts'
import { noteWritten } from '../../src/postgres/undo/written.ts'
import { type Attempted, type Reloaded, reload } from './reload.ts'

interface Through {
  sql: string
  ingestId: string
  /** The target, as SQL names it. */
  table: string
  /** Columns of the files, as the landing table had them. */
  columns: readonly Column[]
  /** Those of the target. */
  there: TargetTable['columns']
  writtenFor: string | null
}

const again = { schema: 'pg_temp', name: 'sluice_landing_again' }

/**
 * Makes what the rejects go through.
 * @returns the columns of the target that are filled, a function that takes a page, and one for the end
 */
export async function throughTransform(tx: Connection, through: Through) {
  const { sql, columns, there } = through
  const number = { name: rowColumn(again), type: 'bigint', collation: null }
  const plain = columns.map(({ name, type }) => ({ name, type, collation: null }))
  await dropTable(tx, again)
  await createShaped(tx, again, [...plain, number], { row: null, unlogged: false })
  const names = columns.map(({ name }) => name)
  const query = await defineRowQuery(tx, sql, { landing: again, columns: names })
  const filled = query.columns.map(({ name }) => name)
  const list = filled.map(quoteIdentifier).join(', ')
  const isIdentity = there.some(({ name, identity }) => identity && filled.includes(name))
  const overriding = isIdentity ? 'overriding system value' : ''
  const insert = `insert into ${through.table} (${list}) ${overriding} select ${list} from ${query.view}`
  return {
    filled,
    async load(page: readonly Attempted[]): Promise<Reloaded> {
      const all: Reloaded = { loaded: [], refused: [] }
      for (const each of page) {
        const refused = await loadOne(tx, through, { attempted: each, insert })
        if (refused) all.refused.push(refused)
        else all.loaded.push(each.reject)
      }
      return all
    },
    async end(): Promise<void> {
      await dropRows(tx)
      await dropTable(tx, again)
    },
  }
}

/** @returns why it stays a reject; null when it is in the target */
async function loadOne(
  tx: Connection,
  { ingestId, columns, writtenFor }: Through,
  { attempted, insert }: { attempted: Attempted; insert: string },
): Promise<RefusedAgain | null> {
  const table = quoteTable(again)
  await tx.query('savepoint one_reject')
  const stay = async (why: Pick<RefusedAgain, 'code' | 'error' | 'constraint' | 'column'>) => {
    await tx.query('rollback to savepoint one_reject; release savepoint one_reject')
    return { ...attempted, ...why }
  }
  const into = { ingestId, table, columns, writtenFor: null, way: null }
  const { refused } = await reload(tx, into, [attempted])
  const [first] = refused
  if (first) return stay(first)
  try {
    if (writtenFor !== null) await noteWritten(tx, writtenFor)
    const { rowCount } = await tx.query(insert)
    if (rowCount !== 1) return stay({ ...rejectReason('left_out', {}), column: null })
    await tx.query(`delete from ${table}; release savepoint one_reject`)
    return null
  } catch (error) {
    if (!isAboutRow(error)) throw error
    return stay(refusalOf(error))
  }
}
