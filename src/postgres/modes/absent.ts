/**
 * The rows of the target that the files do not have, and that are there: `pg_temp.sluice_absent` has
 * their keys.
 */
import { rejectsAllowed } from '../../domain/limits.ts'
import { ownRows, quoteIdentifier, quoteTable, showTable } from '../../domain/table.ts'
import { noteOf } from '../../errors/notes.ts'
import { sluiceError } from '../../errors.ts'
import { type ModeSpec, maxDeletesPreset } from '../../spec/modes.ts'
import { type Connection, problemOf } from '../db.ts'
import { addNotes } from '../ledger/notes.ts'
import { isRefusal } from '../sqlState.ts'
import { keepText, keptColumns } from '../undo/keep.ts'
import { keyOf, sameKey } from './key.ts'
import type { Filling } from './mode.ts'
import { retiringOf } from './retiring.ts'
import { withScope } from './scope.ts'

const absentKeys = 'pg_temp.sluice_absent'

/**
 * Finds them, while the landing table still has all rows that could be read. A record that was rejected
 * before has no known key, and may be any of them: then none is to be deleted, and a note says so.
 * @param keyless how many rows of the landing table have no key
 * @throws deletes_over_max, sql_refused
 */
export async function findAbsent(tx: Connection, filling: Filling, keyless: number): Promise<void> {
  const { ingestId, into, target } = filling
  const { absent, there } = await readAbsent(tx, filling)
  if (absent === 0) return
  const table = showTable(target)
  const rejected = keyless + (await rejectedBefore(tx, ingestId))
  if (rejected > 0) {
    await tx.query(`delete from ${absentKeys}`)
    const records = rejected === 1 ? '1 record' : `${rejected} records`
    await addNotes(tx, ingestId, [noteOf('deletes_held_back', { table, count: absent, records })])
    return
  }
  const max = into.maxDeletes ?? maxDeletesPreset
  if (absent <= (rejectsAllowed(max, there) as number)) return
  const gone = into.mode === 'history' ? 'retired' : 'deleted'
  const rows = `${absent} of ${there} rows`
  const where = into.scope === undefined ? table : `${table} in scope`
  throw sluiceError('deletes_over_max', { rows, where, gone, max, count: absent })
}

/** Records that no row of the landing table is made of. */
async function rejectedBefore(tx: Connection, ingestId: string): Promise<number> {
  const { rows } = await tx.query(
    'select coalesce(sum(rows_rejected), 0)::int8 as rejected from sluice.units where ingest_id = $1',
    [ingestId],
  )
  return rows[0].rejected
}

async function readAbsent(
  tx: Connection,
  filling: Filling,
): Promise<{ absent: number; there: number }> {
  const { into, landing, target, there, columns } = filling
  const keys = keyOf(into).map(quoteIdentifier)
  const retiring = retiringOf(into, there)
  const live = retiring ? `not (${retiring.isGone('t')})` : 'true'
  // A row with a NULL in its key cannot be in the files, and cannot be found by it either.
  const isFound = keys.map((key) => `t.${key} is not null`).join(' and ')
  const isAbsent =
    columns.length === 0
      ? 'true'
      : `not exists (select from ${quoteTable(landing)} l where ${sameKey(into, 't', 'l')})`
  const only = !there.partitioned
  const names = there.columns.map(({ name }) => name)
  return withScope(tx, { table: target, only, columns: names, into }, async (rows) => {
    await tx.query(
      `create temporary table sluice_absent on commit drop as
       select ${keys.map((key) => `t.${key}`).join(', ')} from ${rows} t
       where ${live} and ${isFound} and ${isAbsent}`,
    )
    const { rows: counted } = await tx.query(`select count(*) as absent from ${absentKeys}`)
    const { absent } = counted[0]
    if (absent === 0) return { absent, there: 0 }
    const all = await tx.query(`select count(*) as there from ${rows} t where ${live}`)
    return { absent, there: all.rows[0].there }
  })
}

/** As SQL: `t`, a row of the target, is one of them. */
export const isAbsent = (into: ModeSpec): string =>
  `exists (select from ${absentKeys} a where ${sameKey(into, 'a', 't')})`

/** Deletes or retires them. @returns how many @throws target_refused */
export async function deleteAbsent(tx: Connection, filling: Filling): Promise<number> {
  const { into, target, there, keep } = filling
  const table = ownRows(target, there.partitioned)
  const retiring = retiringOf(into, there)
  const same = sameKey(into, 't', 'a')
  const change = retiring
    ? `update ${table} t set ${retiring.set} from ${absentKeys} a
       where ${same} and not (${retiring.isGone('t')})`
    : `delete from ${table} t using ${absentKeys} a where ${same}`
  try {
    await tx.query(`analyze ${absentKeys}`)
    if (!keep) return (await tx.query(change)).rowCount ?? 0
    const action = retiring ? 'UPDATE' : 'DELETE'
    const { rows } = await tx.query(
      `with done as (${change} returning '${action}' as action, ${keptColumns(keep, 't', 't')})
       ${keepText(keep, table)}
       select count(*) as deleted from done`,
    )
    return rows[0].deleted
  } catch (error) {
    // No row of the files is at fault, so none of them is to be sought.
    if (!isRefusal(error)) throw error
    const problem = `rows that the files do not have cannot be deleted: ${problemOf(error)}`
    throw sluiceError('target_refused', { table: showTable(target), problem }, { cause: error })
  }
}
