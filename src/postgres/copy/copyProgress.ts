/** How far the loads under way have come, as PostgreSQL itself sees it. */
import type { Db } from '../db.ts'

/** A COPY that runs. A unit of the repair lane has several, one after the other. */
export interface CopyProgress {
  /** See landing.ts. */
  ingestHash: string
  unitNo: number
  /** The process id of the worker that sends the rows. */
  pid: number
  rows: number
  skipped: number
  sizeBytes: number
}

/** Sessions of loads have names, see sessions.ts. */
export async function readCopyProgress(db: Db): Promise<CopyProgress[]> {
  const { rows } = await db.query(
    `select split_part(a.application_name, '/', 2) as "ingestHash",
            split_part(split_part(a.application_name, '/', 3), ' ', 2)::int as "unitNo",
            split_part(a.application_name, '/', 4)::int as pid,
            p.tuples_processed as rows, p.tuples_skipped as skipped,
            p.bytes_processed as "sizeBytes"
     from pg_stat_progress_copy p join pg_stat_activity a using (pid)
     where p.datname = current_database()
       and a.application_name ~ '^sluice/[0-9a-f]{16}/load \\d+/\\d+$'`,
  )
  return rows
}
