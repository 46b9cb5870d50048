/** The rows of an ingest leave its target, in the transaction that says so in the ledger. */
import { ownRows, quoteTable, showTable, type TableName } from '../../domain/table.ts'
import type { Undone } from '../../domain/undo.ts'
import { type Connection, problemOf } from '../db.ts'
import { isOfMissingTable, isRefusal, isUndroppable } from '../sqlState.ts'
import { lockTargetName } from '../target/target.ts'
import { restoreText } from './before.ts'
import { type ByKey, changesByKey, exchangeByKeyText, goesByKey } from './byKey.ts'
import { type Going, mustNotCascade } from './cascade.ts'
import { impossible, type UndoEntry } from './entry.ts'
import { handBack } from './handBack.ts'
import { type Survey, survey } from './survey.ts'
import { isOurs } from './written.ts'

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
    if (!tableDropped) await exchangeRows(tx, ingestId, { target, entry, found })
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

/** How rows go and come back, as the queries of one statement. */
interface Exchange {
  gone: string
  /** Writes rows as they were before. */
  changed: string
  back: string
  going: Going
}

/**
 * One statement, so that foreign keys are held against what is there at its end: a row of before may
 * have the key of one that goes.
 * @throws undo_impossible when a trigger keeps rows from being deleted, or from coming back
 */
async function exchangeRows(
  tx: Connection,
  ingestId: string,
  { target, entry, found }: Back & { found: Survey },
): Promise<void> {
  const { rowsRemoved, rowsRestored, isPartitioned, before } = found
  const { keys, byKey } = entry
  const isByKey = byKey && before !== null && keys !== null
  const known = isByKey ? { ingestId, target, isPartitioned, keys, before } : null
  const { gone, changed, back, going } = known
    ? exchangeByKey(known)
    : exchangeByXid({ target, entry, found })
  if (rowsRemoved + rowsRestored > 0) await mustNotCascade(tx, ingestId, { target, entry, going })
  if (known) await handBack(tx, known, entry)
  const { rows } = await tx.query(
    `with gone as (${gone}), changed as (${changed}), back as (${back})
     select (select count(*) from gone) as gone,
            (select count(*) from changed) + (select count(*) from back) as back`,
    going.values,
  )
  // What would be judged at the commit is judged here, where it can be told.
  await tx.query('set constraints all immediate')
  const { gone: removed, back: restored } = rows[0]
  if (removed === rowsRemoved && restored === rowsRestored) return
  const problem = `${removed} of ${rowsRemoved} rows could be deleted, and ${restored} of ${rowsRestored} brought back: a trigger kept the others`
  throw impossible(ingestId, showTable(target), problem)
}

const exchangeByKey = (known: ByKey): Exchange => ({
  ...exchangeByKeyText(known),
  going: {
    goes: (row) => goesByKey(known, row),
    changes: (row, columns) => changesByKey(known, row, columns),
    values: [],
  },
})

function exchangeByXid({ target, entry, found }: Back & { found: Survey }): Exchange {
  const { isPartitioned, before } = found
  const { keys, xids } = entry
  const none = 'select 1 where false'
  return {
    gone: `delete from ${ownRows(target, isPartitioned)} t where ${isOurs('t')} returning 1`,
    changed: none,
    // The condition is asked for before the first row, and with it every row of the ingest is gone.
    back: before
      ? `${restoreText({ target, isPartitioned, before, keys, xids })}
         and (select count(*) from gone) >= 0 returning 1`
      : none,
    going: { goes: isOurs, values: [xids] },
  }
}
