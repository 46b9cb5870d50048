/** merge: a row takes the place of the one with its key, or is added, or deletes it. */
import { ownRows, quoteIdentifier, quoteTable } from '../../domain/table.ts'
import type { Connection } from '../db.ts'
import { dropsRows } from '../target/lost.ts'
import { keepText, keptColumns } from '../undo/keep.ts'
import { asLanded } from './append.ts'
import { fillUp } from './fillUp.ts'
import { checkKey, keyOf, markedToDelete, sameKey } from './key.ts'
import { keepWritersOut, keyed } from './keyed.ts'
import type { Filled, Filling, Mode, RowRange } from './mode.ts'
import { newestOfEachKey, olderThanTarget, withoutKey, withoutMark } from './settle.ts'
import { softOf } from './soft.ts'

export const merge: Mode = {
  ...keyed,
  check: (db, candidate, into) =>
    checkKey(db, candidate, {
      into,
      rights: into.deleteWhen === undefined ? ['select', 'update'] : ['select', 'update', 'delete'],
    }),
  async settle(tx, filling) {
    await keepWritersOut(tx, filling)
    const odd = (await withoutKey(tx, filling)) + (await withoutMark(tx, filling))
    return odd + (await settleNewest(tx, filling))
  },
  async judged(_, { into, landing }) {
    const marked = markedToDelete(into, 'l') ?? 'false'
    const rows = `(select * from ${quoteTable(landing)} l where not ${marked})`
    return { ...asLanded(landing), rows, key: keyOf(into) }
  },
  fill: mergeRows,
}

/** Leaves the newest row of each key, with values for what its file lacks. @returns how many others were marked */
export async function settleNewest(tx: Connection, filling: Filling): Promise<number> {
  const others = await newestOfEachKey(tx, filling)
  const older = await olderThanTarget(tx, filling)
  await fillUp(tx, filling)
  return others + older
}

/** The parts of the statement, as SQL: `t` is the target, `s` has the rows of the landing table. */
function partsOf({ into, landing, target, there, ...filling }: Filling, range?: RowRange) {
  const where = range ? ` where ${range.row} > $1 and ${range.row} <= $2` : ''
  // A row that comes is not deleted any more.
  const soft = softOf(into, there)
  const columns = filling.columns.filter(({ name }) => name !== soft?.name)
  const key = new Set(keyOf(into))
  const others = columns.filter(({ name }) => !key.has(name))
  const of = (alias: string, list = columns) =>
    list.map(({ name }) => `${alias}.${quoteIdentifier(name)}`).join(', ')
  // Values are compared as they are stored: what only looks the same to `=` is written.
  const cast = others.map(({ name, type }) => `cast(s.${quoteIdentifier(name)} as ${type})`)
  return {
    table: ownRows(target, there.partitioned),
    rows: `(select * from ${quoteTable(landing)}${where})`,
    match: sameKey(into, 't', 's'),
    marked: markedToDelete(into, 's') ?? 'false',
    differs: [
      ...(others.length > 0
        ? [`row(${of('t', others)})::record *<> row(${cast.join(', ')})::record`]
        : []),
      ...(soft ? [soft.isDeleted('t')] : []),
      'false',
    ].join(' or '),
    set: [
      ...others.map(({ name }) => `${quoteIdentifier(name)} = s.${quoteIdentifier(name)}`),
      ...(soft ? [`${soft.column} = ${soft.live}`] : []),
    ],
    names: [
      ...columns.map(({ name }) => quoteIdentifier(name)),
      ...(soft ? [soft.column] : []),
    ].join(', '),
    values: [of('s'), ...(soft ? [soft.live] : [])].join(', '),
    overriding: columns.some(({ identity }) => identity) ? 'overriding system value' : '',
  }
}

type Parts = ReturnType<typeof partsOf>

/** Brings the rows of the landing table into the target, each by its key. */
export async function mergeRows(
  tx: Connection,
  filling: Filling,
  range?: RowRange,
): Promise<Filled> {
  const parts = partsOf(filling, range)
  const values = range && [range.after, range.to]
  const isWatched = await dropsRows(tx, quoteTable(filling.target))
  const { rows: told } = isWatched
    ? await tx.query(countSame(parts), values)
    : await tx.query(`select count(*) as rows from ${parts.rows} s`, values)
  const { rows } = await tx.query(mergeText(parts, filling), values)
  const { inserted, updated, deleted } = rows[0]
  const written = inserted + updated + deleted
  // A trigger may leave rows out: then those that stay the same are counted by themselves.
  const unchanged = isWatched ? told[0].rows : told[0].rows - written
  const changes = {
    rowsInserted: inserted,
    rowsUpdated: updated,
    rowsUnchanged: unchanged,
    rowsDeleted: deleted,
  }
  return { rows: written + unchanged, changes }
}

function mergeText(parts: Parts, { into, keep }: Filling): string {
  const { table, rows, match, marked, differs, set, names, values, overriding } = parts
  const deletes = into.deleteWhen !== undefined
  return `
    with done as (
      merge into ${table} t using ${rows} s on ${match}
      ${deletes ? `when matched and ${marked} then delete` : ''}
      ${set.length > 0 ? `when matched and (${differs}) then update set ${set.join(', ')}` : ''}
      when not matched and not ${marked} then insert (${names}) ${overriding} values (${values})
      returning merge_action() as action${keep ? `, ${keptColumns(keep, 't', 's')}` : ''}
    )${keep ? keepText(keep, table) : ''}
    select count(*) filter (where action = 'INSERT') as inserted,
           count(*) filter (where action = 'UPDATE') as updated,
           count(*) filter (where action = 'DELETE') as deleted
    from done`
}

/** The rows that change nothing. */
const countSame = ({ table, rows, match, marked, differs }: Parts): string => `
  select (select count(*) from ${rows} s join ${table} t on ${match}
          where not ${marked} and not (${differs}))
       + (select count(*) from ${rows} s
          where ${marked} and not exists (select from ${table} t where ${match})) as rows`
