/** The ledger's word on text that `ragged` dropped behind the last column, unit by unit. */
import type { Trimmed } from '../../domain/words.ts'
import type { Connection } from '../db.ts'

/** What all units dropped behind the last column. */
export async function sumTrimmed(tx: Connection, ingestId: string): Promise<Trimmed> {
  const { rows } = await tx.query<Trimmed>(
    `select coalesce(sum((trimmed ->> 'rows')::bigint), 0)::bigint as rows,
            coalesce(sum((trimmed ->> 'padded')::bigint), 0)::bigint as padded,
            coalesce((select jsonb_object_agg(field, rows order by field::int)
                      from (select field, sum(filled::bigint) as rows
                            from sluice.units u, jsonb_each_text(u.trimmed -> 'fields') f (field, filled)
                            where u.ingest_id = $1 group by field) all_fields), '{}') as fields
     from sluice.units where ingest_id = $1 and trimmed is not null`,
    [ingestId],
  )
  return rows[0] as Trimmed
}

/** What each of some units dropped; null where that is nothing. */
export async function readTrimmed(
  tx: Connection,
  ingestId: string,
  unitNos: readonly number[],
): Promise<Map<number, Trimmed | null>> {
  const { rows } = await tx.query<{ unitNo: number; trimmed: Trimmed | null }>(
    `select unit_no as "unitNo", trimmed from sluice.units
     where ingest_id = $1 and unit_no = any($2)`,
    [ingestId, unitNos],
  )
  return new Map(rows.map(({ unitNo, trimmed }) => [unitNo, trimmed]))
}

export async function writeTrimmed(
  tx: Connection,
  ingestId: string,
  byUnit: ReadonlyMap<number, Trimmed | null>,
): Promise<void> {
  const values = [...byUnit.values()].map((trimmed) => trimmed && JSON.stringify(trimmed))
  await tx.query(
    `update sluice.units u set trimmed = t.trimmed
     from unnest($2::int[], $3::jsonb[]) as t (unit_no, trimmed)
     where u.ingest_id = $1 and u.unit_no = t.unit_no`,
    [ingestId, [...byUnit.keys()], values],
  )
}
