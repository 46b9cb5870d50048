/**
 * The rows of the files become rows of the target, in the transaction that publishes: what the transform
 * leaves out is filtered, a row that an expression fails on is a reject.
 */
import type { Column } from '../../src/domain/columns.ts'
import { parseTableName, quoteTable, type TableName } from '../../src/domain/table.ts'
import { type SluiceError, sluiceError } from '../../src/errors.ts'
import { dropRows } from '../../src/postgres/clientSql/query.ts'
import { defineRowQuery, type RowQuery } from '../../src/postgres/clientSql/rowQuery.ts'
import { type Connection, problemOf } from '../../src/postgres/db.ts'
import type { IngestEntry } from '../../src/postgres/ledger/ingests.ts'
import { type Sums, sumReceipts } from '../../src/postgres/ledger/units.ts'
import { landingName } from '../../src/postgres/names.ts'
import { isAboutRow, isCancelled, isRefusal } from '../../src/postgres/sqlState.ts'
import { createShaped, insertShaped, takePlace } from '../../src/postgres/target/landing.ts'
import { findRefused, refusedMax } from '../../src/postgres/target/search.ts'
import { readTarget } from '../../src/postgres/target/target.ts'
import { addMarks, createMarks, markFiltered } from '../../src/postgres/target/violations.ts'
import type { FullTarget } from '../../src/spec/target.ts'
import { transformOf } from '../../src/spec/transform.ts'
import type { Attempt } from '../attempt/attempt.ts'
import { takenBy } from '../plan/suits.ts'
import { countsOf } from './counts.ts'
import type { Publishing } from './filling.ts'
import { rejectMarked } from './judge.ts'
import { overLimit, rejectsLeft } from './limit.ts'
import { namedRefusals } from './refusedColumns.ts'

const msMax = 60 * 60_000

interface Ready {
  /** With the columns of the rows as they are now. */
  entry: IngestEntry
  loaded: Sums
}

/**
 * Puts the transformed rows into the place of the landing table.
 * @returns an error when too many rows are rejects, which are to be committed
 * @throws sql_refused, transform_invalid
 */
export async function transformRows(
  attempt: Attempt,
  tx: Connection,
  input: Publishing,
  { entry, loaded }: Ready,
): Promise<Ready | SluiceError> {
  const sql = transformOf(entry.spec.target)
  if (sql === null) return { entry, loaded }
  const { ingestId } = input
  const into = entry.spec.target as FullTarget
  const { table } = into
  const target = parseTableName(table)
  const landing = landingName(ingestId, target)
  const names = (entry.columns ?? []).map(({ name }) => name)
  await tx.query(`set local statement_timeout = ${msMax}`)
  const query = await defineRowQuery(tx, sql, { landing, columns: names })
  const there = entry.relied && (await readTarget(tx, target, into))
  const refuse = (problem: string) => sluiceError('transform_invalid', { table, problem })
  const out: Shape['out'] = there ? takenBy(there, query.columns, refuse) : query.columns
  const shaped = { ...landing, name: `${landing.name}_shaped` }
  const shape = { query, landing, shaped, out, isNumbered: there !== null, refuse }

  const error = await shapeAll(attempt, tx, input, { ...shape, entry, loaded })
  if (error) return error
  await createMarks(tx)
  if ((await markFiltered(tx, quoteTable(landing), query)) > 0) {
    await rejectMarked(attempt, tx, ingestId, entry)
  }
  await dropRows(tx)
  await takePlace(tx, shaped, landing)
  await tx.query('set local statement_timeout = 0')
  const columns: Column[] = out.map(({ name, type }) => ({ name, type }))
  const ready = { ...entry, columns, traced: there !== null }
  return { entry: ready, loaded: await sumReceipts(tx, ingestId) }
}

interface Shape {
  query: RowQuery
  landing: TableName
  shaped: TableName
  out: readonly (Column & { collation: string | null })[]
  /** The rows keep their numbers. */
  isNumbered: boolean
  refuse: (problem: string) => Error
}

/** Rows that an expression fails on are found by a search, once they are known to be there. */
async function shapeAll(
  attempt: Attempt,
  tx: Connection,
  input: Publishing,
  { entry, loaded: before, ...shape }: Shape & Ready,
): Promise<SluiceError | null> {
  let loaded = before
  for (;;) {
    const failure = await tryToShape(tx, shape)
    if (failure === null) return null
    if (!isAboutRow(failure)) throw shape.refuse(problemOf(failure))
    const most = Math.min(refusedMax, rejectsLeft(input, entry.spec, countsOf(loaded))) + 1
    const found = await search(tx, shape, most)
    const [first] = found.rows
    if (!first) throw shape.refuse(problemOf(failure))
    await createMarks(tx)
    await addMarks(tx, await namedRefusals(tx, shape.query, found.rows))
    await rejectMarked(attempt, tx, input.ingestId, entry)
    loaded = await sumReceipts(tx, input.ingestId)
    const over = await overLimit(tx, input, entry, countsOf(loaded))
    if (over) return over
    const count = `it fails on more than ${found.rows.length - 1} rows, as with: ${first.error}`
    if (found.isCut) throw shape.refuse(count)
  }
}

/** @returns what it fails with; then nothing was done */
async function tryToShape(tx: Connection, shape: Shape): Promise<unknown> {
  const startMs = performance.now()
  await tx.query('savepoint shape')
  try {
    await fill(tx, shape)
    return null
  } catch (error) {
    if (isCancelled(error) && performance.now() - startMs >= msMax) {
      throw shape.refuse(`it takes longer than ${msMax / 60_000} minutes`)
    }
    if (!isRefusal(error)) throw error
    await tx.query('rollback to savepoint shape')
    return error
  }
}

async function fill(tx: Connection, { query, shaped, out, isNumbered }: Shape): Promise<void> {
  const row = isNumbered ? query.row : null
  await createShaped(tx, shaped, out, { row, unlogged: false })
  await insertShaped(tx, shaped, query, { withRow: isNumbered })
}

const search = (tx: Connection, { query, landing, shaped, out }: Shape, most: number) =>
  findRefused(tx, {
    target: shaped,
    landing,
    begin: () => createShaped(tx, shaped, out, { row: null, unlogged: false }),
    fill: (range) => insertShaped(tx, shaped, query, { withRow: false, range }),
    most,
  })
