/** How far the loads under way have come, as PostgreSQL itself sees it. */
import type { Db } from '../db.ts'
import { loadSessionIn } from '../names.ts'

/** A COPY that runs. A unit of the repair lane has several, one after the other. */
export interface CopyProgress {
  /** See names.ts. */
  ingestHash: string
  unitNo: number
  /** The process id of the worker that sends the rows. */
  pid: number
  rows: number
  skipped: number
  sizeBytes: number
}

const name = loadSessionIn('a.application_name')

export async function readCopyProgress(db: Db): Promise<CopyProgress[]> {
  const { rows } = await db.query(
    `select ${name.ingestHash} as "ingestHash", ${name.unitNo} as "unitNo", ${name.pid} as pid,
            p.tuples_processed as rows, p.tuples_skipped as skipped,
            p.bytes_processed as "sizeBytes"
     from pg_stat_progress_copy p join pg_stat_activity a using (pid)
     where p.datname = current_database() and ${name.isLoad}`,
  )
  return rows
}
