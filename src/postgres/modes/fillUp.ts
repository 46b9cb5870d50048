/** Columns that a file lacks stay as they are in the rows of the target. */
import { ownRows, quoteIdentifier, quoteTable } from '../../domain/table.ts'
import type { Connection } from '../db.ts'
import { rowColumn } from '../names.ts'
import { unitShift } from '../target/landing.ts'
import { sameKey } from './key.ts'
import type { Filling } from './mode.ts'

/**
 * Where only some files have a column, the landing table has its default in the rows of the others:
 * they get the value that the row of the target has. No file has the columns that are not in the
 * landing table, which need nothing.
 * @param isMeant as SQL: which rows of the target, `t`, these are, where several have one key
 */
export async function fillUp(tx: Connection, filling: Filling, isMeant = 'true'): Promise<void> {
  const { ingestId, into, landing, target, there, columns } = filling
  const { rows } = await tx.query<{ name: string; units: number[] }>(
    `select name, array_agg(unit_no::bigint) as units
     from sluice.units, unnest($2::text[]) name
     where ingest_id = $1 and rows_loaded > 0 and not unit -> 'columns' ? name
       and not coalesce(jsonb_path_query_array(unit, '$.constants[*].column') ? name, false)
     group by name`,
    [ingestId, columns.map(({ name }) => name)],
  )
  const row = `l.${quoteIdentifier(rowColumn(landing))}`
  for (const { name, units } of rows) {
    const column = quoteIdentifier(name)
    await tx.query(
      `update ${quoteTable(landing)} l set ${column} = t.${column}
       from ${ownRows(target, there.partitioned)} t
       where ${row} >> ${unitShift} = any($1::bigint[]) and ${sameKey(into, 't', 'l')}
         and ${isMeant}`,
      [units],
    )
  }
}
