/**
 * history: a row that changed ends the period of the one with its key, and begins another one. What was
 * valid before stays in the table, with the time in which it was.
 */
import { quoteIdentifier, quoteTable } from '../../domain/table.ts'
import { periodColumnsOf, removesAbsent } from '../../spec/modes.ts'
import type { Connection } from '../db.ts'
import { literal } from '../literal.ts'
import { rowColumn } from '../names.ts'
import { addPrimaryKey } from '../target/landing.ts'
import { markColumns, unmarked } from '../target/violations.ts'
import { deleteAbsent, findAbsent, isAbsent } from './absent.ts'
import { fillUp } from './fillUp.ts'
import { columnsIn, setTime } from './history/columns.ts'
import { findLast, olderThanLast, timeOf } from './history/last.ts'
import { makePeriods } from './history/periods.ts'
import { mustKeepHistory } from './history/ready.ts'
import { rowsBegun, rowsStaying, writePeriods } from './history/write.ts'
import { keyOf } from './key.ts'
import { keepWritersOut, keyed } from './keyed.ts'
import type { Filled, Filling, Mode, RowRange } from './mode.ts'
import { newestOfEachKey, withoutKey, withoutMark } from './settle.ts'

export const history: Mode = {
  ...keyed,
  // Several rows have one key, and what was done to them is not kept.
  undoKey: null,
  check: mustKeepHistory,
  async addKey(tx, target, into) {
    const { from, current } = periodColumnsOf(into)
    const key = keyOf(into)
    await addPrimaryKey(tx, target, [...key, from])
    const list = key.map(quoteIdentifier).join(', ')
    await tx.query(
      `create unique index on ${quoteTable(target)} (${list}) where ${quoteIdentifier(current)}`,
    )
  },
  async settle(tx, filling) {
    await keepWritersOut(tx, filling)
    await setTime(tx)
    const brings = filling.columns.length > 0
    const keyless = brings ? await withoutKey(tx, filling) : 0
    if (retires(filling)) await findAbsent(tx, filling, keyless)
    if (!brings) return keyless
    const odd = (await withoutMark(tx, filling)) + (await withoutTime(tx, filling))
    await findLast(tx, filling)
    const time = filling.into.validFrom === undefined ? [] : [timeOf(filling, 'l')]
    const others = await newestOfEachKey(tx, filling, time)
    const older = await olderThanLast(tx, filling)
    await fillUp(tx, filling, `t.${columnsIn(filling.into, filling.there).current}`)
    return keyless + odd + others + older
  },
  async judged(tx, filling) {
    await makePeriods(tx, filling)
    const { current } = columnsIn(filling.into, filling.there)
    const absent = retires(filling) ? `t.${current} and ${isAbsent(filling.into)}` : 'false'
    return { ...rowsBegun(filling), key: null, staying: rowsStaying(filling, absent) }
  },
  async makeRoom(tx, filling) {
    if (retires(filling)) await deleteAbsent(tx, filling)
    await makePeriods(tx, filling)
  },
  fill,
}

const retires = ({ isWhole = false, into }: Filling): boolean => isWhole && removesAbsent(into)

/** Rows that do not say since when they are as they are become rejects. @returns how many were marked */
async function withoutTime(tx: Connection, { into, landing }: Filling): Promise<number> {
  const { validFrom } = into
  if (validFrom === undefined) return 0
  const row = `l.${quoteIdentifier(rowColumn(landing))}`
  const error = `null value in column "${validFrom}", which says when a period begins`
  const { rowCount } = await tx.query(
    `insert into pg_temp.sluice_marks ${markColumns}
     select ${row}, null, '23502', ${literal(validFrom)}, ${literal(error)}
     from ${quoteTable(landing)} l
     where l.${quoteIdentifier(validFrom)} is null and ${unmarked(row)}`,
  )
  return rowCount ?? 0
}

/** What is absent ends first: another row may take its values in a unique index. */
async function fill(tx: Connection, filling: Filling, range?: RowRange): Promise<Filled> {
  const retired = retires(filling) && !range ? await deleteAbsent(tx, filling) : 0
  const none = { rowsInserted: 0, rowsUpdated: 0, rowsUnchanged: 0, rowsDeleted: retired }
  if (filling.columns.length === 0) return { rows: 0, changes: none }
  if (!range) await makePeriods(tx, filling)
  const { rows, changes } = await writePeriods(tx, filling, range)
  const rowsDeleted = retired + (changes?.rowsDeleted ?? 0)
  return { rows, changes: { ...none, ...changes, rowsDeleted } }
}
