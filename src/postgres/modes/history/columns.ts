/** The columns that have the periods of a table, and the time of a publish, as SQL. */
import { quoteIdentifier } from '../../../domain/table.ts'
import { type ModeSpec, periodColumnsOf } from '../../../spec/modes.ts'
import { usualTime } from '../../../spec/periods.ts'
import type { Connection } from '../../db.ts'
import type { TargetTable } from '../../target/targetTable.ts'

const setting = 'sluice.published_at'

/**
 * Sets the time at which periods begin and end where the files say none. It is asked for when writers
 * are kept out: of two publishes the later one has the later time.
 */
export async function setTime(tx: Connection): Promise<void> {
  await tx.query(
    `select set_config('${setting}',
       to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') || '+00', true)`,
  )
}

export interface PeriodSql {
  /** Quoted names. */
  from: string
  to: string
  current: string
  /** The type of the times. */
  type: string
  /** The time of this publish. */
  now: string
}

export function columnsIn(into: ModeSpec, { columns }: Pick<TargetTable, 'columns'>): PeriodSql {
  const { from, to, current } = periodColumnsOf(into)
  const type = columns.find(({ name }) => name === from)?.type ?? usualTime
  return {
    from: quoteIdentifier(from),
    to: quoteIdentifier(to),
    current: quoteIdentifier(current),
    type,
    now: `cast(current_setting('${setting}')::timestamptz as ${type})`,
  }
}
