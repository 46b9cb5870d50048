/**
 * The newest period that the target has of each key of the landing table: `pg_temp.sluice_last`. It
 * stays right until the commit, for writers are kept out, and a try that fails is rolled back.
 */
import { ownRows, quoteIdentifier, quoteTable } from '../../../domain/table.ts'
import { removesAbsent } from '../../../spec/modes.ts'
import type { Connection } from '../../db.ts'
import { rowColumn } from '../../names.ts'
import { superseded, unmarked } from '../../target/violations.ts'
import { keyOf, sameKey } from '../key.ts'
import type { Filling } from '../mode.ts'
import { isOlder } from '../settle.ts'
import { columnsIn } from './columns.ts'

export const last = 'pg_temp.sluice_last'

/** As SQL: the keys of the target are no names of ours, so they are numbered. */
export const keysAs = ({ into }: Pick<Filling, 'into'>, alias: string): string =>
  keyOf(into)
    .map((name, at) => `${alias}.${quoteIdentifier(name)} as k_${at}`)
    .join(', ')

/** As SQL: a row of ours, with numbered keys, is of the same key as one with its own names. */
export const isOfKey = ({ into }: Pick<Filling, 'into'>, numbered: string, named: string): string =>
  keyOf(into)
    .map((name, at) => `${numbered}.k_${at} = ${named}.${quoteIdentifier(name)}`)
    .join(' and ')

/** A key has one current period at most; what it had last is asked for where there is none. */
export async function findLast(tx: Connection, filling: Filling): Promise<void> {
  const { into, target, there, landing } = filling
  const { from, to, current } = columnsIn(into, there)
  const table = ownRows(target, there.partitioned)
  const isLanded = `exists (select from ${quoteTable(landing)} l where ${sameKey(into, 'l', 't')})`
  const keys = keyOf(into).map((_, at) => `k_${at}`)
  const of = `${keysAs(filling, 't')}, t.${from} as since, t.${to} as until`
  await tx.query(`
    drop table if exists ${last};
    create temporary table sluice_last on commit drop as
      select ${of}, true as live from ${table} t where t.${current} and ${isLanded};
    analyze ${last};
    insert into ${last}
      select distinct on (${keys.join(', ')}) ${keys.join(', ')}, since, until, false
      from (
        select ${of} from ${table} t
        where t.${current} is not true and ${isLanded}
          and not exists (select from ${last} m where ${isOfKey(filling, 'm', 't')})
      ) ended
      order by ${keys.join(', ')}, since desc;
    analyze ${last}`)
}

/** As SQL: since when a row of the landing table, `l`, is as it is; the files say so. */
export function timeOf({ into, there }: Pick<Filling, 'into' | 'there'>, alias: string): string {
  const { type } = columnsIn(into, there)
  return `cast(${alias}.${quoteIdentifier(into.validFrom as string)} as ${type})`
}

/** As SQL: no period of the key may begin before this; NULL for a key that has none. */
export const bound = '(case when m.live then m.since else m.until end)'

/**
 * Marks rows that are older than what the target has of their key. The last period may have begun or
 * ended at a publish, and a row that is newer by its columns have a time before that: then its newest
 * version begins at this publish, so that no change is lost. Where absent rows are not retired, a
 * period was ended by a row of the files, and what is older than that one stays out.
 * @returns how many
 */
export async function olderThanLast(tx: Connection, filling: Filling): Promise<number> {
  const { into, landing, target, there } = filling
  const { validFrom, orderBy = [] } = into
  const { from } = columnsIn(into, there)
  const row = `l.${quoteIdentifier(rowColumn(landing))}`
  const older = [isOlder([...(validFrom === undefined ? [] : [validFrom]), ...orderBy])]
  if (validFrom !== undefined) {
    const time = timeOf(filling, 'l')
    const isNewest = `not exists (
      select from ${quoteTable(landing)} n
      where ${sameKey(into, 'n', 'l')} and ${timeOf(filling, 'n')} > ${time})`
    older.push(`${time} < ${bound} and not (${isNewest})`)
    if (!removesAbsent(into)) older.push(`not m.live and ${time} < m.until`)
  }
  const { rowCount } = await tx.query(
    `insert into pg_temp.sluice_marks (row_no, code)
     select ${row}, '${superseded}'
     from ${quoteTable(landing)} l
     join ${last} m on ${isOfKey(filling, 'm', 'l')}
     join ${ownRows(target, there.partitioned)} t
       on ${sameKey(into, 't', 'l')} and t.${from} = m.since
     where (${older.map((each) => `(${each})`).join(' or ')}) and ${unmarked(row)}`,
  )
  return rowCount ?? 0
}
