/**
 * replace: the rows take the place of those that are there.
 *
 * Whatever hangs on the table stays, for the table does. Its rows are deleted in the transaction
 * that brings the new ones, so readers see the old ones until the commit, and wait for nothing. A
 * large table that can be copied with all that hangs on it is filled beside, and exchanged.
 */
import { ownRows, quoteTable, showTable, type TableName } from '../../domain/table.ts'
import { type Note, noteOf } from '../../errors/notes.ts'
import { sluiceError } from '../../errors.ts'
import type { Connection, Db } from '../db.ts'
import { lockPatiently, type PatientLock } from '../target/patientLock.ts'
import { asLanded, insertRows, insertText } from './append.ts'
import type { Candidate, Filled, Filling, FillsBy, Mode, RowRange } from './mode.ts'
import { isCopied, replaceByCopy } from './replace/beside.ts'
import { type Emptying, readEmptying } from './replace/emptying.ts'

export const replace: Mode = {
  // Keeps others from altering the table; they read and write it until its rows are replaced.
  lock: 'share update exclusive',
  keepsRows: false,
  isKeyed: false,
  undoKey: null,
  check: mustBeReplaceable,
  settle: async () => 0,
  judged: async (_, { landing }) => asLanded(landing),
  mayTakePlace: ({ bare }) => bare,
  notes: async (db, target) => waitNotes(target, await emptyingOf(db, target)),
  makeRoom,
  fill,
  fillsBy,
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
  const { truncates } = await emptyingOf(tx, filling.target)
  await lock(tx, filling, truncates === null ? 'exclusive' : 'access exclusive')
  await tx.query(
    `${truncates === null ? 'delete from' : 'truncate'} ${ownRows(filling.target, filling.there.partitioned)}`,
  )
}

const lock = (tx: Connection, { target, there, onWait }: Filling, mode: PatientLock) =>
  lockPatiently(tx, target, mode, { only: !there.partitioned, onWait })

/** A row that others refer to may go where the same statement brings its key again. */
async function fillsBy(tx: Connection, filling: Filling): Promise<FillsBy> {
  if (!filling.inPlace && (await isCopied(tx, filling))) return 'copy'
  const { keys } = await emptyingOf(tx, filling.target)
  return keys.length > 0 ? 'statement' : 'rows'
}

async function fill(tx: Connection, filling: Filling, range?: RowRange): Promise<Filled> {
  if (range) return insertRows(tx, filling, range)
  // Asked once: a view that somebody makes meanwhile must not lead to rows beside those of before.
  const by = await fillsBy(tx, filling)
  if (by === 'copy') {
    const rows = await replaceByCopy(tx, filling)
    if (rows !== null) return { rows, changes: null, isNewTable: true }
    return fill(tx, { ...filling, inPlace: true })
  }
  if (by === 'statement') return replaceRows(tx, filling)
  await makeRoom(tx, filling)
  return insertRows(tx, filling)
}

/** Foreign keys are held against what is there at the end of the statement. */
async function replaceRows(tx: Connection, filling: Filling): Promise<Filled> {
  const { columns, target, there } = filling
  const from = ownRows(target, there.partitioned)
  await lock(tx, filling, 'exclusive')
  // The condition is asked for before the first row, and with it every row of before is gone.
  const whenGone = '(select count(*) from gone) >= 0'
  const { rowCount } = await tx.query(
    columns.length === 0
      ? `delete from ${from}`
      : `with gone as (delete from ${from} returning 1) ${insertText(filling)} where ${whenGone}`,
  )
  return { rows: columns.length === 0 ? 0 : (rowCount ?? 0), changes: null }
}
