/** Units that killed workers, and how many poison records an ingest has. */
import type { Unit, UnitRef } from '../../domain/words.ts'
import type { Connection } from '../db.ts'
import { clearNotes } from './attempts.ts'

/**
 * The unit, which the transaction has locked, becomes the first of its parts; the others are added
 * behind all units of the ingest. What was noted of the whole says nothing of a part.
 * @param ownNote of the attempt that does it
 */
export async function splitUnit(
  tx: Connection,
  ref: UnitRef,
  { parts, ownNote }: { parts: Unit[]; ownNote: number },
): Promise<void> {
  const { ingestId, unitNo } = ref
  const [first, ...others] = parts.map((part) => JSON.stringify(part))
  await tx.query(
    `update sluice.units
     set unit = $3, size_bytes = ($3::jsonb ->> 'sizeBytes')::bigint,
         records = ($3::jsonb ->> 'records')::bigint, suspect = true, parts = parts + $4
     where ingest_id = $1 and unit_no = $2`,
    [ingestId, unitNo, first, others.length],
  )
  // The row of the ingest keeps others from taking the same numbers.
  await tx.query(
    `with grown as (
       update sluice.ingests set units = units + $2 where ingest_id = $1
       returning units - $2 as first_no
     )
     insert into sluice.units (ingest_id, unit_no, unit, size_bytes, records, suspect)
     select $1, first_no + ordinality - 1, u, (u ->> 'sizeBytes')::bigint,
            (u ->> 'records')::bigint, true
     from grown, unnest($3::jsonb[]) with ordinality as parts (u, ordinality)`,
    [ingestId, others.length, others],
  )
  await clearNotes(tx, ref, ownNote)
}

/** Rejects of an ingest that have a code. */
export async function countRejects(
  tx: Connection,
  ingestId: string,
  code: string,
): Promise<number> {
  const { rows } = await tx.query(
    'select count(*) as rejects from sluice.rejects where ingest_id = $1 and code = $2',
    [ingestId, code],
  )
  return rows[0].rejects
}
