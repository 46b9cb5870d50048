/** Ends periods of the target, and begins others in it. */
import { ownRows, quoteIdentifier, quoteTable } from '../../../domain/table.ts'
import { keptNames } from '../../../spec/modes.ts'
import type { Connection } from '../../db.ts'
import { rowColumn } from '../../names.ts'
import { keyOf } from '../key.ts'
import type { Filled, Filling, RowRange } from '../mode.ts'
import { columnsIn } from './columns.ts'
import { isOfKey } from './last.ts'
import { periods } from './periods.ts'

/** As SQL: a row of the landing table, `l`, that begins a period `p`, and the last one, `o`, of its key. */
const beginning = (filling: Filling): string => {
  const { into, landing, target, there } = filling
  const { from } = columnsIn(into, there)
  const row = quoteIdentifier(rowColumn(landing))
  return `${quoteTable(landing)} l
    join ${periods} p on p.row_no = l.${row} and p.what in ('inserted', 'updated')
    left join ${ownRows(target, there.partitioned)} o
      on p.carries and ${isOfKey(filling, 'p', 'o')} and o.${from} = p.since`
}

/**
 * Columns that no file has, and that the table gives no value by itself: they have it from the last
 * period, if that goes on.
 */
function carriedIn({ into, there, columns }: Filling): string[] {
  const filled = new Set([...columns.map(({ name }) => name), ...keptNames(into)])
  return there.columns
    .filter(({ name, hasDefault, generated }) => !filled.has(name) && !hasDefault && !generated)
    .map(({ name }) => name)
}

/** As SQL: the rows that begin a period, as they go into the target, for the judge. */
export function rowsBegun(filling: Filling): { rows: string; also: string[] } {
  const { into, there } = filling
  const { from, to, current } = columnsIn(into, there)
  const carried = carriedIn(filling)
  const also = [...carried, ...keptNames(into)]
  const list = [
    'l.*',
    ...carried.map((name) => `o.${quoteIdentifier(name)}`),
    `p.at as ${from}, p.until as ${to}, p.until is null as ${current}`,
  ]
  return { rows: `(select ${list.join(', ')} from ${beginning(filling)})`, also }
}

/** As SQL: the rows of the target as they will be, but for those that another one is put in the place of. */
export function rowsStaying(filling: Filling, absent: string): string {
  const { into, target, there } = filling
  const { from, to, current, now } = columnsIn(into, there)
  const changed: Record<string, string> = {
    [to]: `case when p.closes is not null then p.closes
                when ${absent} then greatest(${now}, t.${from}) else t.${to} end`,
    [current]: `case when p.closes is not null or ${absent} then false else t.${current} end`,
  }
  const list = there.columns.map(({ name }) => {
    const quoted = quoteIdentifier(name)
    const value = changed[quoted]
    return value === undefined ? `t.${quoted}` : `${value} as ${quoted}`
  })
  return `(
    select ${list.join(', ')} from ${ownRows(target, there.partitioned)} t
    left join ${periods} p on ${isOfKey(filling, 'p', 't')} and t.${from} = p.since
      and (p.closes is not null or p.takes)
    where p.takes is not true)`
}

const within = (range: RowRange | undefined, row: string): string =>
  range ? `${row} > $1 and ${row} <= $2` : 'true'

/**
 * Does what the periods say, for all rows or those of a range. What ends goes first, so that a key
 * never has two current periods.
 */
export async function writePeriods(
  tx: Connection,
  filling: Filling,
  range?: RowRange,
): Promise<Filled> {
  const values = range && [range.after, range.to]
  const run = async (sql: string) => (await tx.query(sql, values)).rowCount ?? 0
  const { rows: told } = await tx.query(
    `select count(*) as rows,
            count(*) filter (where what = 'inserted') as "rowsInserted",
            count(*) filter (where what = 'updated') as "rowsUpdated",
            count(*) filter (where what = 'unchanged') as "rowsUnchanged",
            count(*) filter (where what = 'deleted') as "rowsDeleted",
            count(*) filter (where what in ('inserted', 'updated'))
              + count(closes) as writes,
            count(*) filter (where takes) as taking
     from ${periods} p where ${within(range, 'p.row_no')}`,
    values,
  )
  const { rows, writes, taking, ...changes } = told[0]
  const closed = await run(closeText(filling, range))
  // PostgreSQL would refuse the statement for a column that it numbers itself, though it changes no row.
  const taken = taking > 0 ? await run(takeText(filling, range)) : 0
  const begun = await run(beginText(filling, range))
  // A trigger may have left some out.
  const lost = range ? 0 : writes - closed - taken - begun
  return { rows: rows - lost, changes }
}

function closeText(filling: Filling, range?: RowRange): string {
  const { into, target, there } = filling
  const { from, to, current } = columnsIn(into, there)
  const sameKey = keyOf(into).map((_, at) => `r.k_${at} = p.k_${at}`)
  // Any row of the key needs it: in a range the first one may be missing, or have come before.
  const isWanted = `exists (
    select from ${periods} r where ${sameKey.join(' and ')} and ${within(range, 'r.row_no')})`
  return `
    update ${ownRows(target, there.partitioned)} t set ${to} = p.closes, ${current} = false
    from ${periods} p
    where ${isOfKey(filling, 'p', 't')} and t.${from} = p.since and t.${current}
      and p.closes is not null ${range ? `and ${isWanted}` : ''}`
}

function takeText(filling: Filling, range?: RowRange): string {
  const { into, target, landing, there, columns } = filling
  const { from, to, current } = columnsIn(into, there)
  const row = quoteIdentifier(rowColumn(landing))
  const key = new Set(keyOf(into))
  const set = columns
    .filter(({ name }) => !key.has(name))
    .map(({ name }) => `${quoteIdentifier(name)} = l.${quoteIdentifier(name)}`)
  return `
    update ${ownRows(target, there.partitioned)} t
    set ${[...set, `${to} = p.until`, `${current} = (p.until is null)`].join(', ')}
    from ${periods} p join ${quoteTable(landing)} l on l.${row} = p.row_no
    where p.takes and ${isOfKey(filling, 'p', 't')} and t.${from} = p.since
      and ${within(range, 'p.row_no')}`
}

function beginText(filling: Filling, range?: RowRange): string {
  const { into, target, there, columns } = filling
  const { from, to, current } = columnsIn(into, there)
  const carried = carriedIn(filling).map(quoteIdentifier)
  const filled = columns.map(({ name }) => quoteIdentifier(name))
  const overriding = columns.some(({ identity }) => identity) ? 'overriding system value' : ''
  return `
    insert into ${quoteTable(target)} (${[...filled, ...carried, from, to, current].join(', ')})
      ${overriding}
    select ${[...filled.map((name) => `l.${name}`), ...carried.map((name) => `o.${name}`)].join(
      ', ',
    )}, p.at, p.until, p.until is null
    from ${beginning(filling)}
    where not p.takes and ${within(range, 'p.row_no')}`
}
