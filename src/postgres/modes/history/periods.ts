/**
 * What each row of the landing table does to the periods of its key: `pg_temp.sluice_periods`. Rows of
 * one key follow one another by the time at which they begin to be valid; settling has left one for
 * each time, and none that is older than what the target has.
 */
import { ownRows, quoteIdentifier, quoteTable } from '../../../domain/table.ts'
import type { Connection } from '../../db.ts'
import { rowColumn } from '../../names.ts'
import { keyOf, markedToDelete, sameKey } from '../key.ts'
import type { Filling } from '../mode.ts'
import { columnsIn } from './columns.ts'
import { bound, isOfKey, keysAs, last, timeOf } from './last.ts'

export const periods = 'pg_temp.sluice_periods'

/**
 * Its columns: `row_no`, the key as `k_0` and so on, `since` for the last period of the key;
 * `at` and `until` for the new one; `what` becomes of the row, as the counts have it; `takes`: it is
 * put in the place of the last period, which has been valid for no time; `carries`: the last period
 * goes on in it; `closes`: when the last period ends, in the first row of the key only.
 */
export async function makePeriods(tx: Connection, filling: Filling): Promise<void> {
  const keys = keyOf(filling.into).map((_, at) => `k_${at}`)
  const window = `(partition by ${keys.join(', ')} order by at)`
  await tx.query(`
    drop table if exists ${periods};
    create temporary table sluice_periods on commit drop as
      select row_no, ${keys.join(', ')}, since, at, until,
             case when goes then case when goes_on then 'deleted' else 'unchanged' end
                  when not goes_on then 'inserted'
                  when is_first and same then 'unchanged'
                  else 'updated' end as what,
             is_first and not goes and not same and at is not distinct from since as takes,
             live and not has_gone as carries,
             case when not is_first or not live then null
                  when goes then at
                  when same then until
                  when at > since then at end as closes
      from (
        select v.*, row_number() over w = 1 as is_first, lead(at) over w as until,
               coalesce(not lag(goes) over w, live) as goes_on,
               coalesce(bool_or(goes) over (w rows between unbounded preceding and 1 preceding), false)
                 as has_gone
        from ${versionsOf(filling)} v
        window w as ${window}
      ) n;
    analyze ${periods}`)
}

/** Each row of the landing table, beside the last period of its key. */
function versionsOf(filling: Filling): string {
  const { into, landing, target, there, columns } = filling
  const { from, type, now } = columnsIn(into, there)
  const key = new Set(keyOf(into))
  const others = columns.filter(({ name }) => !key.has(name))
  // Values are compared as they are stored: what only looks the same to `=` is another version.
  const stored = others.map(({ name }) => `t.${quoteIdentifier(name)}`)
  const brought = others.map(({ name, type }) => `cast(l.${quoteIdentifier(name)} as ${type})`)
  const differs =
    others.length > 0
      ? `row(${stored.join(', ')})::record *<> row(${brought.join(', ')})::record`
      : 'false'
  const time = into.validFrom === undefined ? null : timeOf(filling, 'l')
  const at =
    time === null
      ? `greatest(${now}, m.since, m.until)`
      : `case when ${time} < ${bound} then greatest(${now}, m.since, m.until) else ${time} end`
  return `(
    select l.${quoteIdentifier(rowColumn(landing))} as row_no, ${keysAs(filling, 'l')}, m.since,
           coalesce(m.live, false) as live, cast(${at} as ${type}) as at,
           ${markedToDelete(into, 'l') ?? 'false'} as goes,
           coalesce(m.live and not (${differs}), false) as same
    from ${quoteTable(landing)} l
    left join ${last} m on ${isOfKey(filling, 'm', 'l')}
    left join ${ownRows(target, there.partitioned)} t
      on m.live and ${sameKey(into, 't', 'l')} and t.${from} = m.since
  )`
}
