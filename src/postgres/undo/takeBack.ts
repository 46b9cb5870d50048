/** The rows of an ingest leave its target, in the transaction that says so in the ledger. */
import { quoteTable, showTable, type TableName } from '../../domain/table.ts'
import type { Undone } from '../../domain/undo.ts'
import { type Connection, problemOf } from '../db.ts'
import { isOfMissingTable, isRefusal, isUndroppable } from '../sqlState.ts'
import { lockTargetName } from '../target/target.ts'
import { mustNotCascade } from './cascade.ts'
import { impossible, isOurs, itself, type Survey, survey, type UndoEntry } from './survey.ts'

interface Back {
  target: TableName
  entry: UndoEntry
}

/** @throws undo_impossible */
export async function takeBack(
  tx: Connection,
  ingestId: string,
  { target, entry }: Back,
): Promise<{ undone: Undone; found: Survey }> {
  await lockTargetName(tx, target)
  await lockAgainstWriters(tx, ingestId, { target, entry })
  // Policies would hide rows without a word; so it is an error where they do.
  await tx.query('set local row_security = off')
  try {
    const found = await survey(tx, ingestId, { target, entry })
    const { rowsRemoved, rowsRestored, rowsKept } = found
    const tableDropped = found.isAllOurs && (await dropped(tx, target))
    if (!tableDropped) await removeRows(tx, ingestId, { target, entry, found })
    return { undone: { rowsRemoved, rowsRestored, rowsKept, tableDropped }, found }
  } catch (error) {
    throw isRefusal(error)
      ? impossible(ingestId, showTable(target), problemOf(error), error)
      : error
  }
}

/** Readers go on, unless the table may have to go as well: a lock cannot be made stronger later. */
async function lockAgainstWriters(tx: Connection, ingestId: string, { target, entry }: Back) {
  const mode = entry.made ? 'access exclusive' : 'share row exclusive'
  await tx.query(`lock table ${quoteTable(target)} in ${mode} mode`).catch((error) => {
    if (!isOfMissingTable(error)) throw error
    throw impossible(ingestId, showTable(target), 'it does not exist any more', error)
  })
}

/** @returns false when something hangs on the table */
async function dropped(tx: Connection, target: TableName): Promise<boolean> {
  await tx.query('savepoint dropping')
  try {
    await tx.query(`drop table ${quoteTable(target)}`)
    return true
  } catch (error) {
    if (!isUndroppable(error)) throw error
    await tx.query('rollback to savepoint dropping')
    return false
  }
}

/** @throws undo_impossible when a trigger keeps rows from being deleted */
async function removeRows(
  tx: Connection,
  ingestId: string,
  { target, entry, found }: Back & { found: Survey },
): Promise<void> {
  const { rowsRemoved, isPartitioned } = found
  if (rowsRemoved === 0) return
  await mustNotCascade(tx, ingestId, { target, entry })
  const { rowCount } = await tx.query(
    `delete from ${itself(target, isPartitioned)} t where ${isOurs('t')}`,
    [entry.xids],
  )
  // What would be judged at the commit is judged here, where it can be told.
  await tx.query('set constraints all immediate')
  if (rowCount === rowsRemoved) return
  const problem = `${rowCount} of ${rowsRemoved} rows could be deleted: a trigger kept the others`
  throw impossible(ingestId, showTable(target), problem)
}
