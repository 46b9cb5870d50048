/** Says where rows of a target came from. */
import { type Static, Type } from 'typebox'
import { orNull } from '../domain/schema.ts'
import { mustBeAllowed, parseTableName, showTable } from '../domain/table.ts'
import { transaction } from '../postgres/db.ts'
import { findOrigins } from '../postgres/target/origin.ts'
import type { IngestsDeps } from './deps.ts'

export const Origins = Type.Object({
  table: Type.String(),
  rows: Type.Array(
    Type.Object({
      key: orNull(
        Type.Record(Type.String(), Type.Unknown(), {
          description: 'Its primary key; null where the table has none.',
        }),
      ),
      ingest: orNull(Type.String({ description: 'null where nothing tells.' })),
      file: orNull(Type.String()),
      line: orNull(Type.Integer({ description: 'Physical line of the file, counted from 1.' })),
    }),
  ),
  isMore: Type.Boolean({ description: 'More rows meet the condition.' }),
})
export type Origins = Static<typeof Origins>

const rowsMax = 100

/** @throws table_name_invalid, target_reserved, table_unknown, sql_refused, no_temporary_tables */
export async function where(
  { db }: Pick<IngestsDeps, 'db'>,
  { table: name, row }: { table: string; row: string },
): Promise<Origins> {
  const table = parseTableName(name)
  mustBeAllowed(table)
  const find = { row, limit: rowsMax + 1 }
  // The views that it makes are for this one question.
  const found = await transaction(db, (tx) => findOrigins(tx, table, find), { isTrial: true })
  const rows = found.slice(0, rowsMax)
  return { table: showTable(table), rows, isMore: found.length > rowsMax }
}
