/**
 * replace: the rows take the place of those that are there.
 *
 * Whatever hangs on the table stays, for the table does. Its rows are deleted in the transaction
 * that brings the new ones, so readers see the old ones until the commit, and wait for nothing.
 */
import { quoteTable, showTable, type TableName } from '../../domain/table.ts'
import { type Note, noteOf } from '../../errors/notes.ts'
import { sluiceError } from '../../errors.ts'
import type { Connection, Db } from '../db.ts'
import { lockPatiently } from '../target/patientLock.ts'
import { insertRows, insertText } from './append.ts'
import type { Candidate, Filled, Filling, Mode } from './mode.ts'
import { type Emptying, readEmptying } from './replace/emptying.ts'

export const replace: Mode = {
  // Keeps others from altering the table; they read and write it until its rows are replaced.
  lock: 'share update exclusive',
  keepsRows: false,
  check: mustBeReplaceable,
  mayTakePlace: ({ bare }) => bare,
  notes: async (db, target) => waitNotes(target, await emptyingOf(db, target)),
  makeRoom,
  fill: async (tx, filling, range) =>
    range || !(await fillsAtOnce(tx, filling))
      ? insertRows(tx, filling, range)
      : replaceRows(tx, filling),
  fillsAtOnce,
}

/** @throws target_not_writable, target_referenced */
async function mustBeReplaceable(
  db: Db | Connection,
  { oid, table, owned, role }: Candidate,
): Promise<void> {
  const shown = showTable(table)
  const refuse = (problem: string) => sluiceError('target_not_writable', { table: shown, problem })
  if (!owned) throw refuse(`${role} does not own it, and the mode is replace`)
  const { truncates, keys } = await readEmptying(db, oid)
  const right = truncates === null ? 'delete' : 'truncate'
  const { rows } = await db.query('select has_table_privilege($1::oid, $2) as may', [oid, right])
  if (!rows[0].may)
    throw refuse(`${role} has no right to ${right} its rows, and the mode is replace`)
  const refused = keys.flatMap(({ name, problem }) => {
    const why = problem ?? truncates
    return why === null ? [] : [`${name} (${why})`]
  })
  if (refused.length === 0) return
  throw sluiceError('target_referenced', { table: shown, keys: refused.slice(0, 5).join(', ') })
}

async function emptyingOf(db: Db | Connection, target: TableName): Promise<Emptying> {
  const { rows } = await db.query('select $1::regclass::oid::int8 as oid', [quoteTable(target)])
  return readEmptying(db, rows[0].oid)
}

const waitNotes = (target: TableName, { truncates }: Emptying): Note[] =>
  truncates === null
    ? []
    : [noteOf('readers_wait', { table: showTable(target), problem: truncates })]

/**
 * Locks the target, and takes its rows away: its own ones, which for a partitioned table are those
 * of its partitions. Tables that inherit from it keep theirs.
 * @throws too_busy when it is not to be had for long
 */
async function makeRoom(tx: Connection, filling: Filling): Promise<void> {
  const { target, there, onWait } = filling
  const only = !there.partitioned
  const shown = `${only ? 'only ' : ''}${quoteTable(target)}`
  const { truncates } = await emptyingOf(tx, target)
  if (truncates === null) {
    await lockPatiently(tx, target, 'exclusive', { only, onWait })
    if (!(await fillsAtOnce(tx, filling))) await tx.query(`delete from ${shown}`)
    return
  }
  await lockPatiently(tx, target, 'access exclusive', { only, onWait })
  await tx.query(`truncate ${shown}`)
}

/** A row that others refer to may go where the same statement brings its key again. */
async function fillsAtOnce(tx: Connection, { target }: Pick<Filling, 'target'>): Promise<boolean> {
  const { keys } = await emptyingOf(tx, target)
  return keys.length > 0
}

/** Foreign keys are held against what is there at the end of the statement. */
async function replaceRows(tx: Connection, filling: Filling): Promise<Filled> {
  const { target, there, columns } = filling
  const from = `${there.partitioned ? '' : 'only '}${quoteTable(target)}`
  // The condition is asked for before the first row, and with it every row of before is gone.
  const whenGone = '(select count(*) from gone) >= 0'
  const { rowCount } = await tx.query(
    columns.length === 0
      ? `delete from ${from}`
      : `with gone as (delete from ${from} returning 1) ${insertText(filling)} where ${whenGone}`,
  )
  return { rows: columns.length === 0 ? 0 : (rowCount ?? 0), changes: null }
}
