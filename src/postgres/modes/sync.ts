/** sync: merge, and rows of the target that the files do not have are deleted. */
import { ownRows } from '../../domain/table.ts'
import type { Connection } from '../db.ts'
import { deleteAbsent, findAbsent, isAbsent } from './absent.ts'
import { asLanded } from './append.ts'
import { checkKey, keyOf } from './key.ts'
import { keepWritersOut, keyed } from './keyed.ts'
import { mergeRows, settleNewest } from './merge.ts'
import type { Filled, Filling, Mode, RowRange } from './mode.ts'
import { checkScope } from './scope.ts'
import { withoutKey } from './settle.ts'
import { checkSoft } from './soft.ts'

export const sync: Mode = {
  ...keyed,
  async check(db, candidate, into) {
    const { table, columns, partitioned } = candidate
    const isSoft = into.softDelete !== undefined
    const rights = ['select', 'update', ...(isSoft ? [] : (['delete'] as const))] as const
    await checkKey(db, candidate, { into, rights })
    checkSoft(candidate, into)
    const names = columns.map(({ name }) => name)
    await checkScope(db, { table, only: !partitioned, columns: names, into })
  },
  async settle(tx, filling) {
    await keepWritersOut(tx, filling)
    const brings = filling.columns.length > 0
    const keyless = brings ? await withoutKey(tx, filling) : 0
    if (filling.isWhole) await findAbsent(tx, filling, keyless)
    return keyless + (brings ? await settleNewest(tx, filling) : 0)
  },
  async judged(_, { into, landing, target, there }) {
    const table = ownRows(target, there.partitioned)
    const staying =
      into.softDelete === undefined
        ? `(select * from ${table} t where not ${isAbsent(into)})`
        : null
    return { ...asLanded(landing), key: keyOf(into), staying }
  },
  async makeRoom(tx, filling) {
    await deleteAbsent(tx, filling)
  },
  fill,
}

/** What is deleted goes first: another row may take its values in a unique index. */
async function fill(tx: Connection, filling: Filling, range?: RowRange): Promise<Filled> {
  const rowsDeleted = filling.isWhole && !range ? await deleteAbsent(tx, filling) : 0
  const none = { rowsInserted: 0, rowsUpdated: 0, rowsUnchanged: 0 }
  if (filling.columns.length === 0) return { rows: 0, changes: { ...none, rowsDeleted } }
  const { rows, changes } = await mergeRows(tx, filling, range)
  return { rows, changes: { ...none, ...changes, rowsDeleted } }
}
