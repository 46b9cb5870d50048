/** Temporary tables and views, which not every database allows. */
import type { Connection } from './db.ts'

/** Whether our role may make them in this database. */
export async function allowsTemporary(tx: Connection): Promise<boolean> {
  const { rows } = await tx.query(
    `select has_database_privilege(current_database(), 'temporary') as may`,
  )
  return rows[0].may
}
