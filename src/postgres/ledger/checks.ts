/** The ledger's table of checks. */
import type { CheckResult } from '../../domain/checkResult.ts'
import { cleanText } from '../../errors/clean.ts'
import type { Connection, Db } from '../db.ts'
import { withParts, withTable } from './ofParts.ts'

/** Writes what came of the checks of an ingest, in the place of what an earlier attempt found. */
export async function recordChecks(
  tx: Connection,
  ingestId: string,
  results: readonly CheckResult[],
): Promise<void> {
  if (results.length === 0) return
  const values = results.map((result) => ({
    ...result,
    name: cleanText(result.name),
    message: result.message === null ? null : cleanText(result.message),
  }))
  await tx.query(
    `insert into sluice.checks (ingest_id, check_no, name, severity, passed, rows_failed, message)
     select $1, (row_number() over ()) - 1, name, severity, passed, "rowsFailed", message
     from jsonb_to_recordset($2::jsonb) as result
       (name text, severity text, passed boolean, "rowsFailed" bigint, message text)
     on conflict (ingest_id, check_no) do update
       set passed = excluded.passed, rows_failed = excluded.rows_failed,
           message = excluded.message, checked_at = excluded.checked_at`,
    [ingestId, JSON.stringify(values)],
  )
}

/** In the order of the spec, behind them those of the ingests of its targets; none before publish. */
export async function readChecks(db: Db | Connection, ingestId: string): Promise<CheckResult[]> {
  const { rows } = await db.query(
    `select ${withTable('name')} as name, severity, passed, rows_failed as "rowsFailed", message
     from sluice.checks join sluice.ingests i using (ingest_id)
     where ${withParts} order by i.target_no nulls first, check_no`,
    [ingestId],
  )
  return rows
}
